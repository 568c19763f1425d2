"""How often members may ask, each and all together, and how many may be answered at the same time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

from sentra_tui.broker.refusal import Refusal
from sentra_tui.domain.broker_config import BrokerConfig


class TokenBucket:
    """Holds at most `burst` tokens, and gets `per_minute` of them; times are seconds of one steady clock."""

    def __init__(self, per_minute: float, burst: int, now_s: float) -> None:
        self._per_s = per_minute / 60
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled_s = now_s

    def wait_s(self, now_s: float) -> float:
        """Return how long it takes until there is a token; 0 where there is one."""
        self._tokens = min(self._burst, self._tokens + (now_s - self._filled_s) * self._per_s)
        self._filled_s = now_s
        return max(0.0, (1 - self._tokens) / self._per_s)

    def take(self) -> None:
        """Take the token that `wait_s` found."""
        self._tokens -= 1


class Limits:
    """The limits of a running broker; `now_s` is a steady clock, in seconds."""

    def __init__(self, config: BrokerConfig, now_s: Callable[[], float]) -> None:
        self._config = config
        self._now_s = now_s
        self._all = TokenBucket(config.all_per_minute, config.all_burst, now_s())
        self._members: dict[str, TokenBucket] = {}
        self._running = 0

    def take(self, member: str) -> None:
        """Count a request of this member; raises Refusal (429) where it comes too soon, and counts nothing then."""
        now_s = self._now_s()
        own = self._members.get(member)
        if own is None:
            own = self._members[member] = TokenBucket(self._config.member_per_minute, self._config.member_burst, now_s)
        own_wait_s, wait_s = own.wait_s(now_s), self._all.wait_s(now_s)
        if own_wait_s > 0:
            raise _too_many("rate_limited", "You ask too often.", own_wait_s)
        if wait_s > 0:
            raise _too_many("rate_limited_all", "The team asks too often.", wait_s)
        own.take()
        self._all.take()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Hold one of the places for requests that are worked on; raises Refusal (429) where there is none."""
        if self._running >= self._config.concurrency:
            raise _too_many("busy", "Too many requests are being answered.", 1)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


def _too_many(code: str, message: str, wait_s: float) -> Refusal:
    return Refusal(429, code, message, headers={"Retry-After": str(max(1, math.ceil(wait_s)))})
