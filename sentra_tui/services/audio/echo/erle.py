"""How much echo is taken out: echo return loss enhancement (ITU-T G.168), while everything is in use.

Nobody says when the microphone hears an echo alone, so it is found out: there is an echo where the microphone grows
loud and quiet as the loudspeaker does, a little later. Somebody who speaks over it makes the two unlike: then nothing
is measured.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES, FULL_SCALE

LOUD_DBFS = -45.0
"""A loudspeaker louder than this can be heard in the room."""
WARM_UP_MS = 3000
"""How much loud sound is heard before anything is measured: the canceller learns the room from it."""
MEMORY_MS = 5000
LEAST_MS = 1000
ECHO_MS = 300
"""How late an echo comes at most, the room's and the devices' delays together."""
EARLY_MS = 100
"""How early it may come where the loudspeaker's sound is known too late; nothing cancels it then."""
AUDIBLE_DBFS = -65.0
"""A microphone quieter than this hears its own noise."""
LIKENESS = 0.6
"""The correlation of the two loudnesses from which on one is the other's echo; that of two voices stays below."""
MAX_DB = 60.0

_WINDOW_FRAMES = 10
_TINY = 1.0
"""The power of one step of 16-bit sound: what is quieter is this quiet."""


def _power(dbfs: float) -> float:
    return float((FULL_SCALE * 10 ** (dbfs / 20)) ** 2)


class ErleMeter:
    """Compares what goes into an echo canceller with what comes out. It does nothing while the loudspeaker is quiet."""

    def __init__(self) -> None:
        self._powers: deque[tuple[float, float, float]] = deque()
        self._times_ms: deque[int] = deque()
        self._loud_ms = 0
        self._echo_until_ms = 0
        self._now_ms = 0

    def feed(self, played: Iterable[bytes], heard: bytes, cleaned: bytes) -> None:
        """Take what the loudspeaker played, what the microphone heard, and what is left of that, in the same 20 ms."""
        self._now_ms += FRAME_MS
        far = sum(_energy(block) for block in played) / FRAME_SAMPLES
        if far > _power(LOUD_DBFS):
            self._loud_ms += FRAME_MS
            self._echo_until_ms = self._now_ms + ECHO_MS
        if self._now_ms <= self._echo_until_ms and self._loud_ms > WARM_UP_MS:
            self._powers.append((far, _energy(heard) / FRAME_SAMPLES, _energy(cleaned) / FRAME_SAMPLES))
            self._times_ms.append(self._now_ms)
        if self._times_ms and self._times_ms[0] <= self._now_ms - MEMORY_MS:
            self._powers.popleft()
            self._times_ms.popleft()

    def read(self) -> float | None:
        """Return how much is taken out, in dB; None where there was no echo by itself lately, or not yet for long."""
        if len(self._powers) * FRAME_MS < LEAST_MS:
            return None
        far, near, left = np.array(self._powers).T
        return _enhancement_db(near, left) if likeness(far, near) >= LIKENESS else None


def likeness(far: NDArray[np.float64], near: NDArray[np.float64]) -> float:
    """Return how much the loudness of `near` follows that of `far`, -1 to 1, at the delay where it does most.

    Both are powers of 20 ms each, of the same moments.
    """
    played, heard = (10 * np.log10(np.maximum(powers, _power(AUDIBLE_DBFS))) for powers in (far, near))
    late = (_correlation(played[: len(played) - lag], heard[lag:]) for lag in range(ECHO_MS // FRAME_MS))
    early = (_correlation(played[lag:], heard[: len(heard) - lag]) for lag in range(1, EARLY_MS // FRAME_MS))
    return max(*late, *early)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    one, other = one - one.mean(), other - other.mean()
    scale = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / scale if scale else 0.0


def _enhancement_db(near: NDArray[np.float64], left: NDArray[np.float64]) -> float | None:
    windows = len(near) // _WINDOW_FRAMES
    length = windows * _WINDOW_FRAMES
    heard, after = (powers[:length].reshape(windows, _WINDOW_FRAMES).mean(axis=1) for powers in (near, left))
    audible = heard > _power(AUDIBLE_DBFS)
    if not audible.any():
        return None
    ratios_db = 10 * np.log10(heard[audible] / np.maximum(after[audible], _TINY))
    return float(np.clip(np.median(ratios_db), 0.0, MAX_DB))


def _energy(sound: bytes) -> float:
    samples = np.frombuffer(sound, "<i2").astype(np.float32)
    return float(samples @ samples)
