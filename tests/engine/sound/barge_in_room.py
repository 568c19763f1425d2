"""A room on a sound server in which an assistant talks, a microphone hears it, and somebody may interrupt."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sentra_tui.domain.changes import Change, EchoChanged
from sentra_tui.domain.sound import DeviceKind, EchoMode
from sentra_tui.domain.sound_config import SoundConfig
from sentra_tui.domain.sound_ports import AudioSink, AudioSource
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.barge_in import BargeInDriver
from sentra_tui.engine.sound.echo import EchoControl
from sentra_tui.engine.sound.playback import Playback
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.services.audio.echo.loading import load_canceller
from sentra_tui.services.audio.live.opening import open_live
from sentra_tui.services.audio.live.target import Target
from sentra_tui.services.audio.playback import open_sink
from sentra_tui.services.audio.speech.detectors import open_detector
from tests.engine.peers import LoopTransport, until
from tests.engine.sound.test_echo import LoudnessGate


class BargeInRoom:
    """Playback, capture, echo control and barge-in as an engine puts them together; `open_room` makes it."""

    def __init__(self) -> None:
        self.ducks_s: list[float] = []
        self.stops_s: list[float] = []
        """When the answer was ducked and when it was stopped, by the monotonic clock."""
        self.gain = 1.0
        self.told: list[Change] = []
        self.mode = EchoMode.NONE
        self.tasks = TaskOwner()
        self.transport = LoopTransport()
        self._loop = asyncio.get_running_loop()
        context = EngineContext(self.tasks, lambda: int(self._loop.time() * 1000), self._publish)
        self.playback = Playback(self._open_sink, context, lambda on: self.control.set_voice(on))
        self.control = EchoControl(
            SoundConfig(),
            load_canceller,
            context,
            sounding=self.playback.sounding,
            make_gate=LoudnessGate,
        )
        self.driver = BargeInDriver(
            open_detector("webrtc"),
            context,
            sounding=self.playback.sounding,
            allowed=lambda: self.mode is EchoMode.CANCELLING,
            duck=self._duck,
            stop=self.stop,
        )

    async def open(self) -> None:
        """Open the microphone and the loudspeaker, and wait until echo is cancelled."""
        source = await open_live(Target(DeviceKind.INPUT), lambda report: None)
        self.control.source_opened("mic", live=True)
        self.tasks.start(self._listen(source), lambda failure: None, "microphone")
        self.playback.call_began(self.transport)
        self.playback.set_voice(True)
        await until(lambda: self.mode is EchoMode.CANCELLING)

    def answer(self, frames: list[bytes]) -> None:
        """Have the assistant say this."""
        self.playback.answer_began()
        self.transport.sound += frames

    def stop(self) -> None:
        """Silence what the assistant says."""
        self.stops_s.append(self._loop.time())
        self.gain = 1.0
        self.playback.flush()

    async def close(self) -> None:
        await self.playback.close()
        await self.control.close()
        await self.tasks.close()

    async def _open_sink(self) -> AudioSink:
        return await open_sink(on_played=self.control.played)

    async def _listen(self, source: AudioSource) -> None:
        try:
            async for frame in source.frames():
                self.driver.hear(self.control.clean("mic", frame))
        finally:
            await source.close()

    def _duck(self, gain: float) -> None:
        if gain < self.gain:
            self.ducks_s.append(self._loop.time())
        self.gain = gain
        self.playback.duck(gain)

    def _publish(self, change: Change) -> None:
        self.told.append(change)
        if isinstance(change, EchoChanged):
            self.mode = change.echo.mode
        self.driver.notice(change)


@contextlib.asynccontextmanager
async def open_room() -> AsyncIterator[BargeInRoom]:
    """Open a room, and leave it."""
    room = BargeInRoom()
    try:
        await room.open()
        yield room
    finally:
        await room.close()
