"""A talk on a sound server: a loudspeaker, a microphone in the same room, and echo control between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_MS, SAMPLE_RATE_HZ
from sentra_tui.domain.sound import DeviceKind, EchoMode
from sentra_tui.domain.sound_config import SoundConfig
from sentra_tui.domain.sound_ports import AudioSource
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.echo import EchoControl
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.services.audio.echo.loading import load_canceller
from sentra_tui.services.audio.levels import LevelMeter
from sentra_tui.services.audio.live.opening import open_live
from sentra_tui.services.audio.live.target import Target
from sentra_tui.services.audio.playback import SpeakerSink, open_sink
from tests.engine.sound.test_echo import LoudnessGate
from tests.services.audio.echo.room import reduction_db, samples

DEADLINE_S = 20.0
LEARNING_S = 2.0
WINDOW_S = 0.25


@dataclass
class Heard:
    """What came from one source, and what echo control let pass of it."""

    raw: list[bytes] = field(default_factory=list)
    cleaned: list[bytes] = field(default_factory=list)

    def forget(self) -> None:
        """Begin anew."""
        self.raw.clear()
        self.cleaned.clear()

    def reduction_db(self) -> float:
        """Return how much was taken out after the first two seconds."""
        raw, cleaned = samples(self.raw), samples(self.cleaned)
        return reduction_db(raw, cleaned, LEARNING_S, len(cleaned) / SAMPLE_RATE_HZ)

    def usual_reduction_db(self) -> float:
        """Return the same for most moments: a busy machine loses sound, and then it takes a moment to find it again."""
        raw, cleaned = samples(self.raw), samples(self.cleaned)
        starts_s = np.arange(LEARNING_S, len(cleaned) / SAMPLE_RATE_HZ - WINDOW_S, WINDOW_S)
        return float(np.median([reduction_db(raw, cleaned, start_s, start_s + WINDOW_S) for start_s in starts_s]))

    async def until_sound(self) -> None:
        """Wait until it gives something."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.raw) < 10:
                await asyncio.sleep(0.02)


@dataclass
class Talk:
    """A loudspeaker, echo control, and what the streams hear."""

    control: EchoControl
    sink: SpeakerSink
    told: list[c.Change]
    tasks: TaskOwner

    async def say(self, sound: list[bytes]) -> None:
        """Play frames as an answer arrives."""
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        for frame in sound:
            self.sink.write(frame)
            due_s += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    async def hear(self, stream: str, kind: DeviceKind) -> Heard:
        """Open a source, wait for its first sound, and go on listening."""
        source = await open_live(Target(kind), lambda report: None)
        heard = Heard()
        self.control.source_opened(stream, live=True, loopback=kind is DeviceKind.MONITOR)
        self.tasks.start(self._pump(stream, source, heard), lambda failure: None, stream)
        await heard.until_sound()
        return heard

    async def until_cancelling(self) -> None:
        """Wait until echo is cancelled."""
        async with asyncio.timeout(DEADLINE_S):
            while self.mode() is not EchoMode.CANCELLING:
                await asyncio.sleep(0.02)

    def mode(self) -> EchoMode:
        """Return what was told last."""
        modes = [change.echo.mode for change in self.told if isinstance(change, c.EchoChanged)]
        return modes[-1] if modes else EchoMode.NONE

    async def _pump(self, stream: str, source: AudioSource, heard: Heard) -> None:
        meter = LevelMeter()
        try:
            async for frame in source.frames():
                meter.feed(frame)
                heard.raw.append(frame)
                heard.cleaned.append(self.control.clean(stream, frame))
        finally:
            await source.close()


@contextlib.asynccontextmanager
async def talk() -> AsyncIterator[Talk]:
    """Open a loudspeaker with echo control."""
    tasks, told = TaskOwner(), list[c.Change]()
    control = EchoControl(
        SoundConfig(),
        load_canceller,
        EngineContext(tasks, lambda: int(asyncio.get_running_loop().time() * 1000), told.append),
        sounding=lambda: sink.sounding(),
        make_gate=LoudnessGate,
    )
    sink = await open_sink(on_played=control.played)
    try:
        yield Talk(control, sink, told, tasks)
    finally:
        await control.close()
        await tasks.close()
        await sink.close()
