"""The engine's time: milliseconds since it started, on the monotonic clock."""

from __future__ import annotations

import time


class EngineClock:
    """Tells `now_ms`. `started_at` is the wall clock at zero, seconds since 1970.

    An engine that takes another's place is given that one's `started_at`: its time goes on where the other's stood, so
    that lines of both keep their order and their times of day.
    """

    def __init__(self, started_at: float | None = None) -> None:
        wall = time.time()
        self.started_at = wall if started_at is None or started_at > wall else started_at
        self._origin_s = time.monotonic() - (wall - self.started_at)

    def now_ms(self) -> int:
        """Return the milliseconds since the start."""
        return int((time.monotonic() - self._origin_s) * 1000)
