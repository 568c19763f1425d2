"""The arithmetic of sound: rates, frames, levels.

Between the floors sound travels as frames: 20 ms of 48 kHz mono, signed 16-bit little-endian, 1,920 bytes.
"""

from __future__ import annotations

import math

from msgspec import Struct

SAMPLE_RATE_HZ = 48_000
FRAME_MS = 20
FRAME_SAMPLES = SAMPLE_RATE_HZ * FRAME_MS // 1000
SAMPLE_BYTES = 2
FRAME_BYTES = FRAME_SAMPLES * SAMPLE_BYTES
SILENCE = bytes(FRAME_BYTES)

FULL_SCALE = 32_768
SILENCE_DBFS = -96.0
"""The quietest level shown: below the step of 16-bit sound."""


def dbfs(amplitude: float) -> float:
    """Return the level of an RMS or peak `amplitude` (0 to 32,768) in dBFS, never below `SILENCE_DBFS`."""
    if amplitude <= 0:
        return SILENCE_DBFS
    return max(SILENCE_DBFS, 20 * math.log10(amplitude / FULL_SCALE))


def samples_to_ms(samples: int, sample_rate_hz: int = SAMPLE_RATE_HZ) -> int:
    """Return the duration of `samples` in whole milliseconds."""
    return samples * 1000 // sample_rate_hz


def ms_to_samples(duration_ms: float, sample_rate_hz: int = SAMPLE_RATE_HZ) -> int:
    """Return how many samples last `duration_ms`."""
    return round(duration_ms * sample_rate_hz / 1000)


def meter_position(level_dbfs: float, floor_dbfs: float = -60.0) -> float:
    """Return where a level stands on a meter: 0.0 at or below `floor_dbfs`, 1.0 at full scale."""
    return min(1.0, max(0.0, 1 - level_dbfs / floor_dbfs))


class FrameSpan(Struct, frozen=True):
    """Frames given to `Transport.send_audio`, counted from 0: from `start` up to, not including, `end`."""

    start: int
    end: int
