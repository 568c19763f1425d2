"""Sound that follows on without a gap, from the rate of calls to the rate of the disk and back: a third of it."""

from __future__ import annotations

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.media.resample import Resampler

RATE_HZ = 16_000
"""What recognisers work at."""
SAMPLES_PER_MS = RATE_HZ // 1000
KEPT_FRAME_BYTES = FRAME_BYTES * RATE_HZ // SAMPLE_RATE_HZ
"""A frame as it is kept."""
_SLICE_BYTES = RATE_HZ * SAMPLE_BYTES


class Run:
    """Frames that follow on, from `start_ms`; what comes out is a third of them, to the sample."""

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.end_ms = start_ms
        """Where the next frame belongs."""
        self._resampler = Resampler(SAMPLE_RATE_HZ, RATE_HZ)
        self._owed = 0

    def feed(self, frames: bytes) -> bytes:
        """Return what can be said of the sound so far; a millisecond of it waits."""
        self.end_ms += len(frames) // FRAME_BYTES * FRAME_MS
        self._owed += len(frames) // FRAME_BYTES * KEPT_FRAME_BYTES
        return self._pay(self._resampler.feed(frames))

    def end(self) -> bytes:
        """Return what waited; nothing may be fed after it."""
        rest = self._pay(self._resampler.flush())
        return rest + bytes(self._owed)

    def _pay(self, pcm: bytes) -> bytes:
        pcm = pcm[: self._owed]
        self._owed -= len(pcm)
        return pcm


def frames_of(kept: bytes) -> bytes:
    """Return whole frames of what was kept."""
    resampler = Resampler(RATE_HZ, SAMPLE_RATE_HZ)
    slices = range(0, len(kept), _SLICE_BYTES)
    pcm = b"".join(resampler.feed(kept[start : start + _SLICE_BYTES]) for start in slices) + resampler.flush()
    wanted = len(kept) // KEPT_FRAME_BYTES * FRAME_BYTES
    return pcm[:wanted].ljust(wanted, b"\0")
