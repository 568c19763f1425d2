"""Real time for sound that has none of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from sentra_tui.domain.audio import FRAME_MS

FRAME_S = FRAME_MS / 1000
MAX_BEHIND_S = 0.2
"""How much of a stall is caught up; the rest moves the schedule, so that nobody gets seconds of sound at once."""


class Pace:
    """A beat every 20 ms on an absolute schedule: late beats do not make later ones late.

    `start_at` is the moment of the first beat on `clock`; two sources given the same one stay together.
    """

    def __init__(
        self,
        *,
        start_at: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._due = start_at
        self._clock = clock
        self._sleep = sleep

    async def beat(self) -> None:
        """Return when the next frame is due."""
        now = self._clock()
        due = now if self._due is None else max(self._due, now - MAX_BEHIND_S)
        await self._sleep(max(0.0, due - now))
        self._due = due + FRAME_S
