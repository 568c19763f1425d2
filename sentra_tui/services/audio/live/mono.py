"""Two channels made one."""

from __future__ import annotations

import numpy as np


def to_mono(pcm: bytes, channels: int) -> bytes:
    """Return the average of 1 or 2 interleaved channels, s16le, which cannot clip."""
    if channels == 1:
        return pcm
    samples = np.frombuffer(pcm, "<i2")
    return bytes(((samples[0::2].astype(np.int32) + samples[1::2]) >> 1).astype("<i2").tobytes())
