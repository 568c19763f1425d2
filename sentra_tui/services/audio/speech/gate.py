"""The level below which nothing is speech, whatever it looks like."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sentra_tui.domain.audio import FULL_SCALE

GATE_DBFS = -45.0

_LEAST_RMS = FULL_SCALE * 10 ** (GATE_DBFS / 20)


def loud_enough(samples: NDArray[np.int16]) -> bool:
    """Return whether the level of these samples reaches the gate."""
    wide = samples.astype(np.float32)
    return math.sqrt(float(np.dot(wide, wide)) / max(1, wide.size)) >= _LEAST_RMS
