"""How long something is waited for that comes in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_ResultT = TypeVar("_ResultT")


class Patience:
    """Waits for one thing after the other, all of them together for `limit_s`, or until it is told to stop."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._until = asyncio.get_running_loop().time() + limit_s
        self._timeout: asyncio.Timeout | None = None
        self.stopped = False

    async def wait(self, coming: Awaitable[_ResultT]) -> _ResultT:
        """Return what comes; raises TimeoutError at the limit, and once stopped."""
        try:
            async with asyncio.timeout_at(self._until) as self._timeout:
                return await coming
        finally:
            self._timeout = None

    def stop(self) -> None:
        """Wait no longer."""
        self.stopped = True
        self._until = asyncio.get_running_loop().time()
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(self._until)
