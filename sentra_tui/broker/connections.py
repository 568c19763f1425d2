"""How long a connection may take, and how many there may be.

A connection is for one request, which must be there in five seconds, all of it; then there is time for the answer, and
then it is closed. So no client can hold a place by being slow, none is caught by the end of an idle connection, and
nothing can follow a request that was refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

REQUEST_S = 5.0
ANSWER_S = 10.0


class Connections:
    """The connections of a running broker, at most `most`: for a new one, the oldest that still says nothing goes."""

    def __init__(self, most: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._speaking: dict[asyncio.Transport, asyncio.TimerHandle] = {}
        self._waiting: dict[asyncio.Transport, asyncio.TimerHandle] = {}
        self._answers: set[asyncio.Task[None]] = set()

    def opened(self, transport: asyncio.Transport) -> None:
        """Let a connection in: its request must be heard in time."""
        if len(self._speaking) + len(self._waiting) >= self._most:
            self._make_room()
        self._speaking[transport] = self._loop.call_later(REQUEST_S, transport.abort)

    def heard(self, transport: asyncio.Transport) -> None:
        """The request is here as a whole: from now on the client waits for us."""
        self.closed(transport)
        self._waiting[transport] = self._loop.call_later(ANSWER_S, transport.abort)

    def close_in(self, transport: asyncio.Transport, seconds: float) -> None:
        """The client was told no: it has this long to hear it."""
        self.closed(transport)
        self._speaking[transport] = self._loop.call_later(seconds, transport.abort)

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection that is gone."""
        timer = self._speaking.pop(transport, None) or self._waiting.pop(transport, None)
        if timer is not None:
            timer.cancel()

    def run(self, answer: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run what answers a request, and keep it until it is done."""
        task = self._loop.create_task(answer)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)
        return task

    async def close(self, goodbye_s: float) -> None:
        """Drop who says nothing, give those who wait a moment for their answer, then drop them, too."""
        for transport in list(self._speaking):
            transport.abort()
        if self._answers:
            await asyncio.wait(self._answers, timeout=goodbye_s)
        for task in list(self._answers):
            task.cancel()
        for transport in list(self._waiting):
            transport.abort()
        await asyncio.gather(*self._answers, return_exceptions=True)
        await asyncio.sleep(0)

    def _make_room(self) -> None:
        oldest = next(iter(self._speaking), None)
        if oldest is not None:
            oldest.abort()
            self.closed(oldest)
