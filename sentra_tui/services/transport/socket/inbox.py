"""What the peer said and was not read yet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from sentra_tui.domain.errors import TransportLost

MAX_MESSAGES = 10_000
MAX_CHARS = 64_000_000


class Inbox:
    """Messages in order, and notes of our own before them; once it is broken, reading ends with what broke it."""

    def __init__(self) -> None:
        self._messages: deque[str] = deque()
        self._notes: deque[str] = deque()
        self._chars = 0
        self._came = asyncio.Event()
        self.broken: asyncio.Future[TransportLost] = asyncio.get_running_loop().create_future()
        """Done once the call is gone, with the reason."""

    def put(self, message: str) -> None:
        """Take a message of the peer; one too many breaks the call."""
        if self.broken.done():
            return
        if len(self._messages) >= MAX_MESSAGES or self._chars + len(message) > MAX_CHARS:
            self.break_off(TransportLost("The provider sends more messages than can be read."))
            return
        self._messages.append(message)
        self._chars += len(message)
        self._came.set()

    def note(self, message: str) -> None:
        """Take a message that follows from those read so far, and is read before the others."""
        self._notes.append(message)
        self._came.set()

    def break_off(self, reason: TransportLost) -> None:
        """End the call for this reason; only the first one counts."""
        if not self.broken.done():
            self.broken.set_result(reason)
            self._came.set()

    async def read(self, keeps: Callable[[str], bool]) -> AsyncIterator[str]:
        """Yield notes, and messages without those that `keeps` keeps to itself; raises TransportLost after the last."""
        while True:
            if self._notes:
                yield self._notes.popleft()
            elif self._messages:
                message = self._messages.popleft()
                self._chars -= len(message)
                if not keeps(message):
                    yield message
                else:  # what was kept is played before an answer that came all at once has been read to its end
                    await asyncio.sleep(0)
            elif self.broken.done():
                raise self.broken.result().with_traceback(None)
            else:
                self._came.clear()
                await self._came.wait()
