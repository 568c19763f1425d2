"""Whether this machine slept: two clocks that agree while it is awake, one of which stops in sleep."""

from __future__ import annotations

import asyncio
import ctypes
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable

INTERVAL_S = 1.0
SHORTEST_S = 2.0
"""What is shorter is no sleep that a call would notice."""
SHORTEST_BY_WALL_S = 5.0
"""The wall clock is also set by hand, and by others: small steps of it say nothing."""

Asleep = Callable[[], float]
"""Seconds of sleep since some moment; only differences count."""


async def slept_ms(
    asleep: Asleep, shortest_s: float = SHORTEST_S, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[int]:
    """Yield, within a second of each waking, how long the machine slept.

    The clocks are compared every second. One that is slewed drifts so slowly that no second shows it.
    """
    before_s = asleep()
    while True:
        await sleep(INTERVAL_S)
        now_s = asleep()
        if now_s - before_s > shortest_s:
            yield round((now_s - before_s) * 1000)
        before_s = now_s


def best_clock() -> tuple[Asleep, float]:
    """Return what this system knows of its sleep, and from how many seconds on it is to be believed.

    Nobody sets the clocks of Linux, macOS (clock_gettime(3)) and Windows that are compared; elsewhere it is the wall
    clock against one that may stop.
    """
    if sys.platform == "win32":
        return _asleep_windows, SHORTEST_S
    elif sys.platform == "darwin":  # noqa: RET505 - the type checker takes a platform's branch out as a whole
        return lambda: _apart(time.CLOCK_MONOTONIC_RAW, time.CLOCK_UPTIME_RAW), SHORTEST_S
    elif sys.platform == "linux":
        return lambda: _apart(time.CLOCK_BOOTTIME, time.CLOCK_MONOTONIC), SHORTEST_S
    else:
        return lambda: time.time() - time.monotonic(), SHORTEST_BY_WALL_S


if sys.platform == "win32":

    def _asleep_windows() -> float:
        """The interrupt time stops in sleep, the tick count does not."""
        awake = ctypes.c_ulonglong()
        kernel = ctypes.windll.kernel32
        kernel.GetTickCount64.restype = ctypes.c_ulonglong
        kernel.QueryUnbiasedInterruptTime(ctypes.byref(awake))
        through_ms: int = kernel.GetTickCount64()
        return through_ms / 1e3 - awake.value / 1e7

else:

    def _apart(through: int, awake: int) -> float:
        return time.clock_gettime(through) - time.clock_gettime(awake)
