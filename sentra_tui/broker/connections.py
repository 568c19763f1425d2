"""How long a connection may take, and how many there may be.

aiohttp waits as long as it takes for a request to come. Here a connection is for one request, which must be there in
five seconds, all of it; then there is time for the answer, and then it is closed. So no client can hold a place by
being slow, none is caught by the end of an idle connection, and nothing can follow a request that was refused.
"""

from __future__ import annotations

import asyncio

REQUEST_S = 5.0
ANSWER_S = 10.0


class Connections:
    """The connections of a running broker, at most `most`: for a new one, the oldest that still says nothing goes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        self._loop = loop
        self._most = most
        self._speaking: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}
        self._waiting: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """Let a connection in: its request must be heard in time."""
        if len(self._speaking) + len(self._waiting) >= self._most:
            self._make_room()
        self._speaking[transport] = self._loop.call_later(REQUEST_S, transport.abort)

    def heard(self, transport: asyncio.Transport) -> None:
        """The request is here as a whole: from now on the client waits for us."""
        timer = self._speaking.pop(transport, None)
        if timer is not None:
            timer.cancel()
            self._waiting[transport] = self._loop.call_later(ANSWER_S, transport.abort)

    def closed(self, transport: asyncio.BaseTransport) -> None:
        """Forget a connection that is gone."""
        timer = self._speaking.pop(transport, None) or self._waiting.pop(transport, None)
        if timer is not None:
            timer.cancel()

    def _make_room(self) -> None:
        oldest = next(iter(self._speaking), None)
        if isinstance(oldest, asyncio.Transport):
            oldest.abort()
            self.closed(oldest)
