"""How loud something is, from the peaks of its blocks."""

from __future__ import annotations

import math

from sentra_tui.domain.audio import FULL_SCALE, SILENCE_DBFS, dbfs

_CREST = math.sqrt(2)
"""Peak over RMS of a steady tone."""


class PeakLevel:
    """Gathers the peaks of blocks (0.0 to 1.0) between two looks at them."""

    def __init__(self) -> None:
        self._peaks: list[float] = []

    def feed(self, peaks: list[float]) -> None:
        """Take in the peaks of the next blocks."""
        self._peaks += peaks

    def read(self) -> tuple[float, float] | None:
        """Return RMS and peak in dBFS since the last read, None where nothing came.

        The RMS is an estimate: exact for a steady tone, a few dB high for speech.
        """
        if not self._peaks:
            return None
        loudest = max(abs(peak) for peak in self._peaks)
        rms = math.sqrt(sum(peak * peak for peak in self._peaks) / len(self._peaks)) / _CREST
        self._peaks = []
        return dbfs(min(rms, 1.0) * FULL_SCALE), dbfs(min(loudest, 1.0) * FULL_SCALE)


SILENT = (SILENCE_DBFS, SILENCE_DBFS)
"""RMS and peak of no sound."""
