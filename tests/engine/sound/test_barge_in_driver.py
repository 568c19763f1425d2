from __future__ import annotations

import asyncio

import pytest

from sentra_tui.domain.audio import FRAME_BYTES, SILENCE
from sentra_tui.domain.changes import Change, EchoChanged, EventLogged, LineOpened, TranscriptExtended
from sentra_tui.domain.sound import Echo, EchoMode
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.barge_in import DUCKED_GAIN, TAIL_FRAMES, WARM_UP_FRAMES, BargeInDriver
from sentra_tui.engine.sound.playback import Playback
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.peers import ListSink, LoopTransport, until

LOUD = b"\x00\x40" * (FRAME_BYTES // 2)
KEY = LineKey(1, "item_1")


class Loudness:
    """Takes for speech whatever is loud."""

    def hear(self, frame: bytes) -> tuple[bool, bool]:
        return frame == LOUD, frame == LOUD


class Room:
    """A driver, and what it did to an answer."""

    def __init__(self) -> None:
        self.sounds = True
        self.trusted = True
        self.gains: list[float] = []
        self.stops = 0
        self.changes: list[Change] = []
        context = EngineContext(TaskOwner(), lambda: 7, self.changes.append)
        self.driver = BargeInDriver(
            Loudness(),
            context,
            sounding=lambda: self.sounds,
            allowed=lambda: self.trusted,
            duck=self.gains.append,
            stop=self._stop,
        )

    def _stop(self) -> None:
        self.stops += 1
        self.sounds = False

    def hear(self, *frames: bytes) -> None:
        for frame in frames:
            self.driver.hear(frame)

    @property
    def log(self) -> list[str]:
        return [change.text for change in self.changes if isinstance(change, EventLogged)]


def test_speech_ducks_and_then_stops_the_answer_once() -> None:
    room = Room()
    room.hear(*[SILENCE] * 10, *[LOUD] * 3)
    assert (room.gains, room.stops) == ([DUCKED_GAIN], 0)
    room.hear(*[LOUD] * 30)
    assert room.stops == 1
    assert room.log == ["ducked", "interrupted by speech after 170 ms"]


def test_a_cough_ducks_the_answer_which_then_goes_on_as_loud_as_before() -> None:
    room = Room()
    room.hear(*[LOUD] * 4, *[SILENCE] * 40)
    assert (room.gains, room.stops) == ([DUCKED_GAIN, 1.0], 0)
    assert room.log[1].startswith("false alarm after ")


def test_nobody_listens_while_nothing_sounds_or_the_microphone_is_held() -> None:
    room = Room()
    room.sounds = False
    room.hear(*[LOUD] * 50)
    room.sounds, room.trusted = True, False
    room.hear(*[LOUD] * 50)
    assert (room.gains, room.stops, room.log) == ([], 0, [])


def test_a_pause_between_two_words_of_the_answer_interrupts_no_interruption() -> None:
    room = Room()
    room.hear(*[LOUD] * 4)
    room.sounds = False
    room.hear(*[LOUD] * 2)
    room.sounds = True
    room.hear(*[LOUD] * 3)
    assert room.stops == 1


def test_an_answer_that_ends_while_it_is_ducked_leaves_the_next_one_loud() -> None:
    room = Room()
    room.hear(*[LOUD] * 4)
    room.sounds = False
    room.hear(*[SILENCE] * TAIL_FRAMES)
    assert (room.gains, room.stops) == ([DUCKED_GAIN, 1.0], 0)


def test_the_next_answer_can_be_interrupted_too() -> None:
    room = Room()
    for _ in range(3):
        room.sounds = True
        room.hear(*[SILENCE] * 5, *[LOUD] * 20)
    assert room.stops == 3


def test_words_that_were_begun_over_a_ducked_answer_stop_it() -> None:
    room = Room()
    room.hear(*[LOUD] * 2)
    room.driver.notice(LineOpened("mic", KEY, 7))
    room.driver.notice(TranscriptExtended("mic", KEY, 8, " "))
    assert room.stops == 0
    room.driver.notice(TranscriptExtended("mic", KEY, 8, "wait"))
    assert room.stops == 1
    assert room.log[-1] == "interrupted by a word after 40 ms"


@pytest.mark.parametrize("stream", ["mic", "speaker"])
def test_late_words_of_before_and_words_of_others_stop_nothing(stream: str) -> None:
    room = Room()
    room.sounds = False
    if stream == "mic":
        room.driver.notice(LineOpened(stream, KEY, 7))
    room.sounds = True
    room.hear(*[LOUD] * 2)
    if stream == "speaker":
        room.driver.notice(LineOpened(stream, KEY, 7))
    room.driver.notice(TranscriptExtended(stream, KEY, 8, "wait"))
    assert room.stops == 0


def test_what_a_new_echo_canceller_leaves_interrupts_nothing() -> None:
    room = Room()
    room.driver.notice(EchoChanged(0, Echo(EchoMode.CANCELLING)))
    room.hear(*[LOUD] * WARM_UP_FRAMES)
    assert (room.gains, room.stops) == ([], 0)
    room.driver.notice(EchoChanged(0, Echo(EchoMode.CANCELLING, erle_db=30.0)))
    room.hear(*[LOUD] * 20)
    assert room.stops == 1


async def test_a_new_answer_and_a_cut_one_are_played_as_loud_as_ever() -> None:
    sink, tasks = ListSink(), TaskOwner()

    async def open_sink() -> ListSink:
        return sink

    playback = Playback(open_sink, EngineContext(tasks, lambda: 0, lambda _: None), lambda _: None)
    playback.duck(0.2)
    playback.call_began(LoopTransport())
    playback.set_voice(True)
    await until(lambda: playback.voice and sink.flushes >= 0)
    await asyncio.sleep(0.01)
    for over in (playback.answer_began, playback.flush):
        playback.duck(0.2)
        assert sink.gain == 0.2
        over()
        assert sink.gain == 1.0
    await playback.close()
    await tasks.close()
