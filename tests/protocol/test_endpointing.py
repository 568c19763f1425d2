from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.endpointing import LEAST_MS, Endpointing
from sentra_tui.protocol.speech import PAUSE_MS

PAUSE = [False] * (PAUSE_MS // 10)


def commits(machine: Endpointing, steps: list[bool]) -> list[int]:
    """Return after how many steps there was a commit."""
    return [index for index, speech in enumerate(steps, 1) if machine.hear(speech)]


def test_an_utterance_is_committed_when_it_has_ended() -> None:
    assert commits(Endpointing(15_000), [False] * 100 + [True] * 80 + PAUSE) == [250]


def test_each_utterance_is_committed_once() -> None:
    assert len(commits(Endpointing(15_000), ([True] * 80 + PAUSE + [False] * 300) * 3)) == 3


def test_silence_and_clicks_are_never_committed() -> None:
    assert commits(Endpointing(1_000), ([False] * 200 + [True] * 3) * 50) == []


def test_who_does_not_stop_is_committed_before_it_gets_too_long() -> None:
    assert commits(Endpointing(2_000), [True] * 1_000) == [204, 404, 604, 804]


def test_a_long_utterance_is_parted_in_a_pause_where_there_is_one() -> None:
    steps = [True] * 170 + [False] * 20 + [True] * 100
    assert commits(Endpointing(2_000), steps) == [182]


def test_nothing_is_left_to_commit_when_a_long_utterance_ends_as_it_is_parted() -> None:
    assert commits(Endpointing(2_000), [True] * 170 + [False] * 300) == [182]


def test_what_was_forgotten_is_not_committed() -> None:
    machine = Endpointing(15_000)
    assert commits(machine, [True] * 80) == []
    machine.reset()
    assert commits(machine, [False] * 300) == []


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=30), st.integers(1_000, 3_000))
def test_a_commit_holds_speech_and_enough_sound(runs: list[tuple[bool, int]], utterance_ms: int) -> None:
    machine = Endpointing(utterance_ms)
    unsent: list[bool] = []
    for speech in (speech for speech, count in runs for _ in range(count)):
        unsent.append(speech)
        if machine.hear(speech):
            assert any(unsent)
            assert len(unsent) * 10 >= LEAST_MS
            unsent = []
