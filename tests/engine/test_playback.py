"""Spoken answers on and off."""

from __future__ import annotations

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.ports import AudioSink
from sentra_tui.domain.state import Severity
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.playback import Playback
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.peers import ListSink, LoopTransport, until


class Room:
    """A playback with a loudspeaker that may be missing."""

    def __init__(self, error: SourceError | None = None) -> None:
        self.sink = ListSink()
        self.told: list[c.Change] = []
        self.voices: list[bool] = []
        self.tasks = TaskOwner()
        self._error = error
        self.playback = Playback(self._open, EngineContext(self.tasks, lambda: 0, self.told.append), self.voices.append)

    async def _open(self) -> AudioSink:
        if self._error is not None:
            raise self._error
        return self.sink

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
