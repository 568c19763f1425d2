"""Can it be heard?"""

from __future__ import annotations

import numpy as np

from sentra_tui.domain.audio import FULL_SCALE
from sentra_tui.domain.sound import SIGNAL_DBFS

_AUDIBLE = FULL_SCALE * 10 ** (SIGNAL_DBFS / 20)


def is_inaudible(sound: bytes) -> bool:
    """Return whether there are zeros only, or next to nothing."""
    if sound.count(0) == len(sound):
        return True
    samples = np.frombuffer(sound, "<i2")
    return bool(samples.max() < _AUDIBLE and samples.min() > -_AUDIBLE)
