"""How loud sound is played, changed without a click."""

from __future__ import annotations

import numpy as np

RAMP_SAMPLES = 480
"""10 ms, from any gain to any other: a step would be heard as a click."""


class Gain:
    """Scales blocks of 10 ms; a block of another length changes over its own."""

    def __init__(self) -> None:
        self._now = self._wanted = 1.0

    def set(self, gain: float) -> None:
        """Scale by this from the next block on, 0 to 1."""
        self._wanted = min(1.0, max(0.0, gain))

    def settle(self) -> None:
        """Nothing sounds: be where it is wanted."""
        self._now = self._wanted

    def scaled(self, block: bytes) -> bytes:
        """Return a block at its loudness; the first after a change goes from the old gain to the new."""
        before, self._now = self._now, self._wanted
        if before == self._now == 1.0:
            return block
        samples = np.frombuffer(block, "<i2")
        if before == self._now:
            return (samples * self._now).astype("<i2").tobytes()
        ramp = np.linspace(before, self._now, samples.size + 1)[1:]
        return (samples * ramp).astype("<i2").tobytes()
