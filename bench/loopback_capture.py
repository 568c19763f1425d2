"""From the loudspeaker to its loopback: how long sound takes from the playback's callback to the capture's.

Clicks go through the real playback, and a capture as the speaker stream makes it hears the output's monitor, in blocks
of 10 ms. What the ring holds back before playing and the frame that the capture completes are told beside it.
"""

from __future__ import annotations

import asyncio
import time
from random import Random

import numpy as np

from bench.measurement import Measurement, Measurements, Request, median, percentile, progress
from bench.sound_server import private_sound
from sentra_tui.domain.audio import FRAME_BYTES, FRAME_SAMPLES
from sentra_tui.domain.sound import DeviceKind
from sentra_tui.services.audio.live.opening import choose_backend, open_live
from sentra_tui.services.audio.live.snapshot import PulseSource
from sentra_tui.services.audio.live.target import Target
from sentra_tui.services.audio.playback import SpeakerSink

CLICKS = 100
SEED = 5

_CLICK = b"\x00\x60" * (FRAME_SAMPLES // 4)
_MONITOR = PulseSource(0, "spk.monitor", "", monitor_of="spk")
_LOUD = 8_000
_DEADLINE_S = 10.0


def measure(request: Request) -> Measurements:
    """Return the delay from callback to callback."""
    with private_sound():
        return {"loopback_capture_ms": asyncio.run(_measure())}


class Clicks:
    """Notes when the click that is awaited is handed over, captured, and given as a frame."""

    def __init__(self) -> None:
        self.framed = asyncio.Event()
        self.forget()

    def forget(self) -> None:
        """Await the next one."""
        self.handed_over_s = self.captured_s = self.framed_s = 0.0
        self.framed.clear()

    def play(self, block: bytes) -> None:
        """Take what the playback hands over."""
        self.handed_over_s = self.handed_over_s or _now_if_loud(block)

    def capture(self, block: bytes) -> None:
        """Take what is captured."""
        self.captured_s = self.captured_s or _now_if_loud(block)

    def hear(self, frame: bytes) -> None:
        """Take a frame of the source: the last to know."""
        self.framed_s = self.framed_s or _now_if_loud(frame)
        if self.framed_s and self.captured_s:
            self.framed.set()


def _now_if_loud(pcm: bytes) -> float:
    now_s = time.monotonic()
    return now_s if np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)).max() > _LOUD else 0.0


async def _measure() -> Measurement:
    clicks = Clicks()
    sink = await SpeakerSink.open(on_played=clicks.play)
    source = await open_live(Target(DeviceKind.MONITOR), lambda _: None)
    backend = await choose_backend()
    capture = backend.make(_MONITOR, "bench", clicks.capture, lambda _: None)
    await capture.open()

    async def listen() -> None:
        async for frame in source.frames():
            clicks.hear(frame)

    listening = asyncio.create_task(listen())
    try:
        return await _click(sink, clicks)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await capture.close()
        await source.close()
        await sink.close()


async def _click(sink: SpeakerSink, clicks: Clicks) -> Measurement:
    random = Random(SEED)
    delays_ms: list[float] = []
    whole_ms: list[float] = []
    await asyncio.sleep(1.0)
    while len(delays_ms) < CLICKS:
        await asyncio.sleep(random.uniform(0.25, 0.4))
        clicks.forget()
        written_s = time.monotonic()
        sink.write(_CLICK.ljust(FRAME_BYTES, b"\0"))
        await asyncio.wait_for(clicks.framed.wait(), _DEADLINE_S)
        delays_ms.append((clicks.captured_s - clicks.handed_over_s) * 1000)
        whole_ms.append((clicks.framed_s - written_s) * 1000)
    progress(f"loopback: median {median(delays_ms):.1f} ms, worst {max(delays_ms):.1f} ms")
    note = (
        f"median of {len(delays_ms)} clicks, worst {max(delays_ms):.1f} ms: playback's callback to capture's, blocks "
        f"of 10 ms; from the write of a frame, with the ring's 20 ms, to a captured frame of 20 ms: median "
        f"{median(whole_ms):.1f} ms, p95 {percentile(whole_ms, 95):.1f} ms; null sink of PulseAudio"
    )
    return Measurement(value=median(delays_ms), trials=tuple(delays_ms), note=note)
