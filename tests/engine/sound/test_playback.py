"""Spoken answers on and off."""

from __future__ import annotations

import asyncio

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_BYTES, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.state import Severity
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.playback import Playback
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.peers import ListSink, LoopTransport, until

TONE = b"\x00\x40" * (FRAME_BYTES // 2)


class Room:
    """A playback with a loudspeaker that may be missing."""

    def __init__(self, error: SourceError | None = None) -> None:
        self.sink = ListSink()
        self.opening = 0
        self.ready = asyncio.Event()
        self.ready.set()
        self.told: list[c.Change] = []
        self.voices: list[bool] = []
        self.tasks = TaskOwner()
        self._error = error
        self.playback = Playback(self._open, EngineContext(self.tasks, lambda: 0, self.told.append), self.voices.append)

    async def _open(self) -> AudioSink:
        self.opening += 1
        await self.ready.wait()
        if self._error is not None:
            raise self._error
        return self.sink

    def lose(self, error: SourceError | None) -> None:
        """Have no loudspeaker from now on, or one again."""
        self._error = error

    async def close(self) -> None:
        await self.playback.close()
        await self.tasks.close()


async def test_voice_opens_the_loudspeaker_and_plays_the_call() -> None:
    room = Room()
    transport = LoopTransport()
    transport.sound = [SILENCE] * 3
    room.playback.call_began(transport)
    room.playback.set_voice(True)
    await until(lambda: len(room.sink.frames) == 3)
    assert room.told == [c.VoiceChanged(True)]
    assert room.voices == [True]
    await room.close()
    assert room.sink.closed


async def test_voice_goes_on_with_the_next_call() -> None:
    room = Room()
    room.playback.set_voice(True)
    first, second = LoopTransport(), LoopTransport()
    room.playback.call_began(first)
    room.playback.call_ended()
    second.sound = [SILENCE]
    room.playback.call_began(second)
    await until(lambda: len(room.sink.frames) == 1)
    assert room.told == [c.VoiceChanged(True)]
    await room.close()


async def test_voice_off_closes_the_loudspeaker_and_says_so() -> None:
    room = Room()
    room.playback.set_voice(True)
    await until(lambda: room.voices == [True])
    room.playback.set_voice(False)
    await until(lambda: room.sink.closed)
    assert room.told == [c.VoiceChanged(True), c.VoiceChanged(False)]
    assert room.voices == [True, False]
    await room.close()


async def test_without_a_loudspeaker_answers_stay_written_and_that_is_said() -> None:
    room = Room(SourceError("PortAudio is not installed.", hint="sudo apt install libportaudio2"))
    room.playback.set_voice(True)
    await until(lambda: bool(room.told))
    notice = "Answers stay written. PortAudio is not installed."
    assert room.told[0] == c.Noticed(Severity.WARNING, notice, "sudo apt install libportaudio2")
    assert room.voices == []
    assert not room.playback.voice
    await room.close()


async def speaking(room: Room, transport: LoopTransport) -> None:
    """Have an answer sound, so that two frames of it were heard and more are there."""
    room.playback.call_began(transport)
    room.playback.set_voice(True)
    room.playback.answer_began()
    transport.sound = [TONE] * 100
    await until(lambda: len(room.sink.frames) >= 2)


async def test_a_flush_forgets_what_the_loudspeaker_and_the_call_hold() -> None:
    room, transport = Room(), LoopTransport()
    await speaking(room, transport)
    room.playback.flush()
    heard = len(room.sink.frames)
    assert room.sink.flushes == 1
    assert transport.sound == []
    transport.sound = [TONE] * 3
    await until(lambda: not transport.sound)
    assert len(room.sink.frames) == heard
    await room.close()


async def test_after_a_flush_the_next_answer_is_heard_from_its_first_frame() -> None:
    room, transport = Room(), LoopTransport()
    await speaking(room, transport)
    room.playback.flush()
    heard = len(room.sink.frames)
    first = b"\x01\x40" * (FRAME_BYTES // 2)
    room.playback.answer_began()
    transport.sound = [first, TONE]
    await until(lambda: len(room.sink.frames) == heard + 2)
    assert room.sink.frames[heard:] == [first, TONE]
    await room.close()


async def test_what_waits_of_a_cut_answer_is_not_heard_when_the_next_begins() -> None:
    room, transport = Room(), LoopTransport()
    await speaking(room, transport)
    room.playback.flush()
    heard = len(room.sink.frames)
    transport.sound = [TONE] * 5
    room.playback.answer_began()
    assert transport.sound == []
    transport.sound = [SILENCE]
    room.playback.answer_began()
    await until(lambda: len(room.sink.frames) == heard + 1)
    assert room.sink.frames[heard:] == [SILENCE]
    await room.close()


async def test_where_the_transport_knows_answers_apart_the_next_is_heard_though_its_sound_comes_before_its_words() -> (
    None
):
    room, transport = Room(), LoopTransport()
    transport.server_truncates = False
    await speaking(room, transport)
    room.playback.flush()
    heard = len(room.sink.frames)
    transport.sound = [TONE] * 3
    room.playback.answer_began()
    await until(lambda: len(room.sink.frames) == heard + 3)
    await room.close()


async def test_a_new_call_is_heard_though_the_answer_of_the_last_was_cut_short() -> None:
    room, transport = Room(), LoopTransport()
    await speaking(room, transport)
    room.playback.flush()
    room.playback.call_ended()
    heard = len(room.sink.frames)
    again = LoopTransport()
    again.sound = [TONE]
    room.playback.call_began(again)
    await until(lambda: len(room.sink.frames) == heard + 1)
    await room.close()


async def test_what_was_heard_counts_from_the_beginning_of_the_answer() -> None:
    room, transport = Room(), LoopTransport()
    await speaking(room, transport)
    assert room.playback.heard_ms() == len(room.sink.frames) * 20
    transport.sound.clear()
    room.playback.answer_began()
    assert room.playback.heard_ms() == 0
    heard = len(room.sink.frames)
    transport.sound = [TONE] * 5
    await until(lambda: len(room.sink.frames) == heard + 5)
    assert room.playback.heard_ms() == 100
    room.sink.delay_ms = 10_000
    assert room.playback.heard_ms() == 0
    await room.close()


async def test_a_written_answer_is_not_heard() -> None:
    room = Room()
    room.playback.answer_began()
    assert room.playback.heard_ms() == 0
    room.playback.flush()
    await room.close()


async def test_a_loudspeaker_chosen_while_another_opens_is_the_one_that_opens() -> None:
    room = Room()
    room.ready.clear()
    room.playback.set_voice(True)
    await until(lambda: room.opening == 1)
    room.playback.reopen()
    await until(lambda: room.opening == 2)
    room.ready.set()
    await until(lambda: room.voices == [True])
    await room.close()


async def test_nobody_speaks_when_the_loudspeaker_that_was_chosen_instead_is_not_there() -> None:
    room, transport = Room(), LoopTransport()
    await speaking(room, transport)
    room.lose(SourceError("There is no loudspeaker called Desk."))
    room.playback.reopen()
    await until(lambda: room.voices == [True, False])
    assert room.told[-1] == c.VoiceChanged(False)
    assert room.sink.closed
    await room.close()


async def test_what_one_loudspeaker_played_of_an_answer_counts_when_another_goes_on() -> None:
    room, transport = Room(), LoopTransport()
    await speaking(room, transport)
    transport.sound.clear()
    heard_ms, room.sink = room.playback.heard_ms(), ListSink()
    assert heard_ms > 0
    room.playback.reopen()
    transport.sound = [TONE]
    await until(lambda: len(room.sink.frames) == 1)
    assert room.playback.heard_ms() == heard_ms + 20
    assert room.told == [c.VoiceChanged(True)]
    await room.close()


async def test_voice_can_be_had_again_after_the_loudspeaker_failed() -> None:
    room, transport = Room(), LoopTransport()
    await speaking(room, transport)
    good, room.sink = room.sink, ListSink()
    room.lose(SourceError("It is gone."))
    room.playback.reopen()
    await until(lambda: good.closed and room.voices[-1] is False)
    room.lose(None)
    room.playback.set_voice(True)
    await until(lambda: room.voices == [True, False, True])
    assert room.told[-1] == c.VoiceChanged(True)
    await room.close()
