"""Gaps in what is played and captured while the screen is busy beside it.

The screen under its flood of words runs in a pty, as `four_panes` has it, again and again for a minute. Beside it, in
a process as the engine's, a spoken answer is played without a pause, in frames of 20 ms on the loop, and a microphone
and a loopback are captured. A gap is what the monitor of the output hears of it: silence where a tone should be.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, progress
from bench.new_user import environment
from bench.sound_server import MONITOR, Recording, private_sound, recording
from bench.terminal import Terminal
from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, ms_to_samples
from sentra_tui.domain.sound import DeviceKind
from sentra_tui.services.audio.live.opening import open_live
from sentra_tui.services.audio.live.source import LiveSource
from sentra_tui.services.audio.live.target import Target
from sentra_tui.services.audio.playback import SpeakerSink

SECONDS = 60.0
GAP_MS = 1

_TONE = b"\x00\x10\x00\xf0" * (FRAME_BYTES // 4)
_PAINT_DEADLINE_S = 60.0
_LOOK_S = 0.2


def measure(request: Request) -> Measurements:
    """Return how many gaps there were."""
    with private_sound(), recording(MONITOR) as heard, tempfile.TemporaryDirectory() as folder:
        screens = Screens(Path(folder))
        screens.start()
        try:
            played = asyncio.run(_play())
        finally:
            screens.end()
        if not screens.painted:
            raise CannotMeasure("the screen drew nothing")
        return {"underruns_60s": _told(played, heard, screens)}


class Screens(threading.Thread):
    """One busy screen after the other, until the end."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="screens", daemon=True)
        self.painted = 0
        self._folder = folder
        self._ended = threading.Event()

    def run(self) -> None:
        """Run them."""
        while not self._ended.is_set():
            result = self._folder / f"flooded-{self.painted}.json"
            command = (sys.executable, "-m", "bench.flood", str(result))
            with Terminal(command, environment(self._folder)) as terminal:
                terminal.first_paint_ms(_PAINT_DEADLINE_S)
                self.painted += 1
                while not (result.exists() or terminal.over):
                    if self._ended.wait(_LOOK_S):
                        return

    def end(self) -> None:
        """End the present one, and start no other."""
        self._ended.set()
        self.join()


class Played:
    """What the playback and the captures say of themselves."""

    def __init__(self, sink: SpeakerSink, sources: tuple[LiveSource, LiveSource], latest_ms: float) -> None:
        self.ran_out = sink.underruns
        self.dropped_blocks = sum(source.dropped_blocks for source in sources)
        self.latest_ms = latest_ms


async def _play() -> Played:
    sink = await SpeakerSink.open()
    sources = (await _open(DeviceKind.INPUT), await _open(DeviceKind.MONITOR))
    captures = [asyncio.create_task(_listen(source)) for source in sources]
    try:
        latest_s = await _speak(sink)
        return Played(sink, sources, latest_s * 1000)
    finally:
        for capture in captures:
            capture.cancel()
        await asyncio.gather(*captures, return_exceptions=True)
        for source in sources:
            await source.close()
        await sink.close()


async def _speak(sink: SpeakerSink) -> float:
    """Write a frame each 20 ms; return how late the latest was."""
    loop = asyncio.get_running_loop()
    began_s = due_s = loop.time()
    latest_s = 0.0
    while due_s - began_s < SECONDS:
        sink.write(_TONE)
        due_s += FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        latest_s = max(latest_s, loop.time() - due_s)
    return latest_s


async def _open(kind: DeviceKind) -> LiveSource:
    source = await open_live(Target(kind), lambda _: None)
    if not isinstance(source, LiveSource):
        raise CannotMeasure("the sound server was not found")
    return source


async def _listen(source: LiveSource) -> None:
    async for _ in source.frames():
        pass


def _told(played: Played, heard: Recording, screens: Screens) -> Measurement:
    gaps_ms = _gaps_ms(heard.samples())
    progress(
        f"underruns: {len(gaps_ms)} gaps, {played.ran_out} times sound ran out, {played.dropped_blocks} lost blocks"
    )
    note = (
        f"gaps of {GAP_MS} ms and more at the monitor in {SECONDS:g} s ({sum(gaps_ms):.0f} ms in all), and captured "
        f"blocks lost ({played.dropped_blocks}); {screens.painted} busy screens beside it; the latest frame was "
        f"{played.latest_ms:.1f} ms late; two captures and one playback; null sink of PulseAudio"
    )
    return Measurement(value=len(gaps_ms) + played.dropped_blocks, n=round(SECONDS), note=note)


def _gaps_ms(samples: NDArray[np.int16]) -> list[float]:
    """Return how long each silence inside the tone was."""
    loud = np.flatnonzero(samples)
    if loud.size < SECONDS * SAMPLE_RATE_HZ / 2:
        raise CannotMeasure("the answer was hardly heard at all")
    silences = np.diff(loud) - 1
    return [float(gap) * 1000 / SAMPLE_RATE_HZ for gap in silences[silences >= ms_to_samples(GAP_MS)]]
