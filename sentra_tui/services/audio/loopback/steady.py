"""A frame each 20 ms of a device that gives none while nothing plays."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.media.resample import Resampler

FRAME_S = FRAME_MS / 1000
GAP_S = 0.1
"""How late sound may be before silence is given in its place."""
RING_PIECES = 100
"""About a second: what a stalled loop may miss before the oldest sound goes."""


class SteadyFrames:
    """Takes pieces of sound from another thread, in any format; gives frames.

    While sound comes the device's clock sets the pace, and while none comes ours does: WASAPI's loopback gives no
    packets while nothing plays. https://learn.microsoft.com/windows/win32/coreaudio/loopback-recording
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._pieces: deque[tuple[bytes, int, int]] = deque(maxlen=RING_PIECES)
        self._arrived = asyncio.Event()
        self._format = (SAMPLE_RATE_HZ, 1)
        self._resampler = Resampler(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ)
        self._pcm = bytearray()
        self._due: float | None = None
        self.heard_at = clock()
        """When sound came last."""
        self.dropped_pieces = 0
        """Pieces lost because the loop did not come for them."""

    def put(self, pcm: bytes, sample_rate_hz: int, channels: int) -> None:
        """Take a piece of interleaved s16le, from any thread."""
        with self._lock:
            if len(self._pieces) == RING_PIECES:
                self.dropped_pieces += 1
            self._pieces.append((pcm, sample_rate_hz, channels))
        self.wake()

    def wake(self) -> None:
        """Let `next` look again, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(self._arrived.set)

    async def next(self) -> bytes | None:
        """Return the next frame, of sound or of silence; None where it was only woken."""
        self._arrived.clear()
        self._convert()
        now = self._clock()
        due = self._due = now if self._due is None else self._due
        if len(self._pcm) >= FRAME_BYTES:
            frame = bytes(self._pcm[:FRAME_BYTES])
            del self._pcm[:FRAME_BYTES]
            self._due = min(max(due, now - GAP_S), now + GAP_S) + FRAME_S
            return frame
        if now < due + GAP_S:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(due + GAP_S - now):
                    await self._arrived.wait()
            return None
        # A stall of ours is caught up by no more than the gap; the last piece of sound goes out with the silence.
        self._due = max(due, now - 2 * GAP_S) + FRAME_S
        frame = bytes(self._pcm).ljust(FRAME_BYTES, b"\0") if self._pcm else SILENCE
        self._pcm.clear()
        return frame

    def _convert(self) -> None:
        with self._lock:
            pieces = list(self._pieces)
            self._pieces.clear()
        for pcm, sample_rate_hz, channels in pieces:
            self.heard_at = self._clock()
            if (sample_rate_hz, channels) != self._format:
                self._format = (sample_rate_hz, channels)
                self._resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ, channels)
            self._pcm += self._resampler.feed(pcm)
