"""How unevenly packets travel."""

from __future__ import annotations

from collections import deque

WINDOW_PACKETS = 100
"""Two seconds of 20 ms packets."""

_REVIEW_PACKETS = 10
_NEARLY_ALL_PCT = 95


class Jitter:
    """Estimates how much later than the quickest of the last packets nearly all of them come."""

    def __init__(self) -> None:
        self._delays_ms: deque[float] = deque(maxlen=WINDOW_PACKETS)
        self._observed = 0
        self.ms = 0.0
        """The estimate, as of the last ten packets."""

    def observe(self, delay_ms: float) -> None:
        """Take a packet's delay: when it arrived, less when it was sent, on clocks that need not agree."""
        self._delays_ms.append(delay_ms)
        self._observed += 1
        if self._observed % _REVIEW_PACKETS == 0:
            ordered = sorted(self._delays_ms)
            self.ms = ordered[len(ordered) * _NEARLY_ALL_PCT // 100] - ordered[0]

    def restart(self) -> None:
        """Forget the delays, not the estimate: the sender paused, and its time begins anew."""
        self._delays_ms.clear()
