"""The loudspeaker."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from itertools import islice
from typing import Any

import numpy as np

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE_HZ, ms_to_samples, samples_to_ms
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.devices import BLOCK_SAMPLES, Device

PREBUFFER_BLOCKS = 2
"""The 20 ms for which the first sound waits, so that a frame that comes a little late is not heard."""
MAX_PREBUFFER_BLOCKS = 6
LATE_BLOCKS = 10
"""Sound that goes on so soon after it ran out came late: from then on sound waits a block longer."""
RING_BYTES = 15 * FRAME_BYTES
"""The most that waits: a sound card slower than the sender would otherwise fall ever further behind."""
MAX_LATENCY_BLOCKS = 200
"""The largest delay of a device that is taken into account: 2 s, which no loudspeaker has that one talks over."""
FADE_BYTES = ms_to_samples(5) * SAMPLE_BYTES


class SpeakerSink:
    """An AudioSink: an output device, the system's default or one by name. `open` makes it."""

    def __init__(self, device: str = "") -> None:
        self.label = clean_line(device) or "loudspeaker"
        self.lost = False
        """The device went away; what is written is not heard."""
        self.dropped_bytes = 0
        """Sound lost because it came faster than it was played."""
        self.underruns = 0
        """How often sound ran out and went on at once."""
        self._ring = bytearray()
        self._sounding = False
        self._waited_blocks = 0
        self._silent_blocks = LATE_BLOCKS
        self._prebuffer_blocks = PREBUFFER_BLOCKS
        self._handed_bytes = 0
        self._sound_of_blocks: deque[int] = deque(maxlen=MAX_LATENCY_BLOCKS)
        """How many bytes of sound there were in each of the last blocks, the newest first."""
        self._lock = threading.Lock()
        self._device = Device("output", device, self._on_block, self._on_finished)

    @classmethod
    async def open(cls, device: str = "") -> SpeakerSink:
        """Open the device; raises SourceError."""
        sink = cls(device)
        try:
            await sink._device.open()
        except asyncio.CancelledError:
            await sink.close()
            raise
        return sink

    def write(self, frame: bytes) -> None:
        """Queue one frame; the oldest sound goes when too much waits."""
        with self._lock:
            self._ring += frame
            excess = len(self._ring) - RING_BYTES
            if excess > 0:
                self.dropped_bytes += excess
                del self._ring[:excess]

    def flush(self) -> None:
        """Forget what is queued: what sounds fades out within 5 ms, then there is silence."""
        with self._lock:
            tail = self._ring[:FADE_BYTES] if self._sounding else b""
            samples = np.frombuffer(bytes(tail), "<i2")
            faded = samples * np.linspace(1.0, 0.0, samples.size)
            self._ring = bytearray(faded.astype("<i2").tobytes())

    def heard_ms(self) -> int:
        """Return how much sound was heard, to a block: what the device took, less what it has not played yet.

        The latency is that of a block's beginning, and the newest block is half over on average: hence the half.
        """
        waiting_blocks = round(self._device.latency_s * SAMPLE_RATE_HZ / BLOCK_SAMPLES + 0.5)
        with self._lock:
            heard_bytes = self._handed_bytes - sum(islice(self._sound_of_blocks, waiting_blocks))
        return samples_to_ms(heard_bytes // SAMPLE_BYTES)

    async def close(self) -> None:
        """Let go of the device."""
        await self._device.close()

    def _on_block(self, block: Any) -> None:
        with self._lock:
            if not self._sounding:
                self._wait()
            sound = bytes(self._ring[: len(block)]) if self._sounding else b""
            del self._ring[: len(sound)]
            self._handed_bytes += len(sound)
            self._sound_of_blocks.appendleft(len(sound))
            if self._sounding and len(sound) < len(block):
                self._sounding, self._waited_blocks, self._silent_blocks = False, 0, 0
        block[:] = sound.ljust(len(block), b"\0")

    def _wait(self) -> None:
        """Begin to sound when the first of it has waited long enough."""
        self._silent_blocks += 1
        self._waited_blocks = self._waited_blocks + 1 if self._ring else 0
        if self._waited_blocks == 1 and self._silent_blocks <= LATE_BLOCKS:
            self.underruns += 1
            self._prebuffer_blocks = min(self._prebuffer_blocks + 1, MAX_PREBUFFER_BLOCKS)
        self._sounding = self._waited_blocks > self._prebuffer_blocks

    def _on_finished(self) -> None:
        self.lost = True
