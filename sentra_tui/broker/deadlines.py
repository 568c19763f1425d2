"""A time that is the same for all of many: one timer serves them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Deadlines(Generic[T]):
    """Those that must be done within `seconds`, the oldest first; each that is not is dropped and handed to `late`."""

    def __init__(self, seconds: float, late: Callable[[T], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._late = late
        self._ends_s: dict[T, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._ends_s)

    def __iter__(self) -> Iterator[T]:
        return iter(self._ends_s)

    def add(self, one: T) -> None:
        """Let the time of one that is not here yet begin."""
        end_s = self._ends_s[one] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(end_s, self._look)

    def discard(self, one: T) -> None:
        """Forget one, if it is here."""
        self._ends_s.pop(one, None)

    def pop(self) -> T:
        """Take out the one that was added last; raises KeyError where there is none."""
        return self._ends_s.popitem()[0]

    def _look(self) -> None:
        """Hand over who is late; look again when the next one may be."""
        self._timer = None
        now_s = self._loop.time()
        while self._ends_s:
            one, end_s = next(iter(self._ends_s.items()))
            if end_s > now_s:
                self._timer = self._loop.call_at(end_s, self._look)
                return
            del self._ends_s[one]
            self._late(one)
