"""How long a connection may take, and how many there may be.

A connection is for one request, which must be there in five seconds, all of it; then there is time for the answer, and
then it is closed. So no client can hold a place by being slow, none is caught by the end of an idle connection, and
nothing can follow a request that was refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from sentra_tui.broker.deadlines import Deadlines

REQUEST_S = 5.0
ANSWER_S = 10.0
LINGER_S = 1.0
"""How long the rest of a refused request is read and dropped, so that the client sees the refusal and not a reset."""


class Connections:
    """The connections of a running broker, at most `most`: for a new one, the oldest that still says nothing goes."""

    def __init__(self, most: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._speaking = Deadlines(REQUEST_S, _drop)
        self._waiting = Deadlines(ANSWER_S, _drop)
        self._leaving = Deadlines(LINGER_S, _drop)
        self._answers: set[asyncio.Task[None]] = set()

    def opened(self, transport: asyncio.Transport) -> None:
        """Let a connection in: its request must be heard in time."""
        if len(self._speaking) + len(self._waiting) + len(self._leaving) >= self._most:
            self._make_room()
        self._speaking.add(transport)

    def heard(self, transport: asyncio.Transport) -> None:
        """The request is here as a whole: from now on the client waits for us."""
        self._speaking.discard(transport)
        self._waiting.add(transport)

    def refused(self, transport: asyncio.Transport) -> None:
        """The client was told no: it has a moment to hear it."""
        self._speaking.discard(transport)
        self._leaving.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection that is gone."""
        for each in (self._speaking, self._waiting, self._leaving):
            each.discard(transport)

    def run(self, answer: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run what answers a request, and keep it until it is done."""
        task = self._loop.create_task(answer)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)
        return task

    async def close(self, goodbye_s: float) -> None:
        """Drop who says nothing, give those who wait a moment for their answer, then drop them, too."""
        for transport in (*self._speaking, *self._leaving):
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
        oldest = next(iter(self._leaving), None) or next(iter(self._speaking), None)
        if oldest is not None:
            oldest.abort()
            self.closed(oldest)


def _drop(transport: asyncio.Transport) -> None:
    transport.abort()
