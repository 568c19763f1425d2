"""Limits of money, and what an hour would cost."""

from __future__ import annotations

from enum import StrEnum

from sentra_tui.domain.usage import RECENT_MINUTES, Cost

NEAR = 0.8
"""The share of the hard limit at which the user is warned."""

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000


class Limit(StrEnum):
    """What a bill has reached."""

    SOFT = "soft"
    NEAR_HARD = "near_hard"
    HARD = "hard"


class Budget:
    """Says once of each limit that it is reached. Zero is no limit."""

    def __init__(self, soft_usd: float, hard_usd: float) -> None:
        limits = {Limit.SOFT: soft_usd, Limit.NEAR_HARD: NEAR * hard_usd, Limit.HARD: hard_usd}
        self._limits = {limit: usd for limit, usd in limits.items() if usd > 0}
        self._reached: set[Limit] = set()

    def spent(self, usd: float) -> list[Limit]:
        """Return the limits that the sum of all bills reaches for the first time.

        A sum that passes the hard limit at one go is no longer near it.
        """
        new = [limit for limit, at_usd in self._limits.items() if usd >= at_usd and limit not in self._reached]
        self._reached.update(new)
        return [limit for limit in new if limit is not Limit.NEAR_HARD or Limit.HARD not in new]

    @property
    def exhausted(self) -> bool:
        """Whether the hard limit is reached."""
        return Limit.HARD in self._reached


def per_hour(cost: Cost, now_ms: int) -> float | None:
    """Return what an hour costs, in USD: from the last minutes once there are enough, else since the first bill.

    None before the first minute is over: a single bill is no rate.
    """
    if cost.since_ms is None or now_ms - cost.since_ms < _MINUTE_MS:
        return None
    first_minute = now_ms // _MINUTE_MS - RECENT_MINUTES + 1
    window_ms = now_ms - first_minute * _MINUTE_MS
    if now_ms - cost.since_ms <= window_ms:
        return cost.usd / (now_ms - cost.since_ms) * _HOUR_MS
    return sum(usd for minute, usd in cost.recent if minute >= first_minute) / window_ms * _HOUR_MS
