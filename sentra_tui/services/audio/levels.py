"""How loud it is."""

from __future__ import annotations

import numpy as np

from sentra_tui.domain.audio import dbfs


class LevelMeter:
    """Measures 16-bit sound between two looks at it."""

    def __init__(self) -> None:
        self._energy = 0.0
        self._samples = 0
        self._peak = 0

    def feed(self, frame: bytes) -> None:
        """Take in a frame (s16le, any length)."""
        samples = np.frombuffer(frame, "<i2").astype(np.float64)
        if samples.size:
            self._energy += float(samples @ samples)
            self._samples += samples.size
            self._peak = max(self._peak, int(np.abs(samples).max()))

    def read(self) -> tuple[float, float]:
        """Return RMS and peak in dBFS of what was fed since the last read; silence when nothing was."""
        rms = (self._energy / self._samples) ** 0.5 if self._samples else 0.0
        levels = dbfs(rms), dbfs(self._peak)
        self._energy, self._samples, self._peak = 0.0, 0, 0
        return levels
