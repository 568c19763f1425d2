"""Where sound may be cut, and how."""

from __future__ import annotations

import numpy as np

from sentra_tui.domain.audio import SAMPLE_BYTES

QUIET_AMPLITUDE = 400
"""Below this peak a frame may be left out without anybody hearing it: -38 dBFS."""


def is_quiet(sound: bytes) -> bool:
    """Return whether s16le sound stays below `QUIET_AMPLITUDE`."""
    samples = np.frombuffer(sound, "<i2").astype(np.int32)
    return not samples.size or int(np.abs(samples).max()) < QUIET_AMPLITUDE


def cross_fade(first: bytes, second: bytes) -> bytes:
    """Return s16le sound that begins as `first` and ends as `second`, both of one length; else just `second`."""
    if len(first) != len(second):
        return second
    ramp = np.linspace(0.0, 1.0, len(first) // SAMPLE_BYTES)
    mixed = np.frombuffer(first, "<i2") * (1 - ramp) + np.frombuffer(second, "<i2") * ramp
    return np.rint(mixed).astype("<i2").tobytes()
