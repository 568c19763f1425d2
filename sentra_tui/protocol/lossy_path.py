"""When a call loses so many packets that it had better go by another road."""

from __future__ import annotations

from collections import deque

from sentra_tui.domain.state import Quality

LOSS_MAX = 0.25
"""The share of packets: at a fifth, error correction and what is written down afterwards still make up for it."""
LOOKS = 4
"""How many measurements, one a second, are taken together; each tells of the last few seconds."""


class LossyPath:
    """Judges one call by what is measured of it."""

    def __init__(self) -> None:
        self._shares: deque[float] = deque(maxlen=LOOKS)

    def measured(self, quality: Quality) -> bool:
        """Return whether too much is lost, either way."""
        known = [share for share in (quality.loss_up, quality.loss_down) if share is not None]
        if known:
            self._shares.append(max(known))
        return len(self._shares) == LOOKS and sum(self._shares) >= LOSS_MAX * LOOKS
