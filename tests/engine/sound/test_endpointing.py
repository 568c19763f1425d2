from __future__ import annotations

from sentra_tui.domain.audio import FRAME_BYTES, SILENCE
from sentra_tui.engine.sound.endpointing import EndpointingDriver

LOUD = b"\x00\x40" * (FRAME_BYTES // 2)
UTTERANCE = [LOUD] * 50 + [SILENCE] * 50


class Loudness:
    """Takes for speech whatever is loud."""

    def __init__(self) -> None:
        self.heard = 0

    def hear(self, frame: bytes) -> tuple[bool, bool]:
        self.heard += 1
        return frame == LOUD, frame == LOUD


class Listener:
    def __init__(self, utterance_s: float = 15.0) -> None:
        self.commits: list[int] = []
        self.detector = Loudness()
        self.driver = EndpointingDriver(self.detector, utterance_s, self._commit)
        self._heard = 0

    def _commit(self) -> None:
        self.commits.append(self._heard)

    def hear(self, frames: list[bytes]) -> None:
        for frame in frames:
            self._heard += 1
            self.driver.hear(frame)


def test_an_utterance_is_committed_where_the_server_finds_no_turns() -> None:
    listener = Listener()
    listener.driver.call_began(finds_turns=False)
    listener.hear([SILENCE] * 100 + UTTERANCE * 2)
    assert listener.commits == [185, 285]


def test_nothing_is_done_where_the_server_finds_the_turns_or_there_is_no_call() -> None:
    listener = Listener()
    listener.hear(UTTERANCE)
    listener.driver.call_began(finds_turns=True)
    listener.hear(UTTERANCE)
    listener.driver.call_began(finds_turns=False)
    listener.driver.call_ended()
    listener.hear(UTTERANCE)
    assert (listener.commits, listener.detector.heard) == ([], 0)


def test_a_new_call_is_not_asked_to_commit_what_another_heard() -> None:
    listener = Listener()
    listener.driver.call_began(finds_turns=False)
    listener.hear([LOUD] * 50)
    listener.driver.call_began(finds_turns=False)
    listener.hear([SILENCE] * 100)
    assert listener.commits == []


def test_what_is_forgotten_is_not_committed() -> None:
    listener = Listener()
    listener.driver.call_began(finds_turns=False)
    listener.hear([LOUD] * 50)
    listener.driver.reset()
    listener.hear([SILENCE] * 100)
    assert listener.commits == []


def test_who_does_not_stop_is_committed_all_the_same() -> None:
    listener = Listener(utterance_s=2.0)
    listener.driver.call_began(finds_turns=False)
    listener.hear([LOUD] * 500)
    assert len(listener.commits) == 4
