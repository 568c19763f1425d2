"""What a provider answers: whole, or in pieces as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

import httpx
from msgspec import Struct

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.sse import ServerSentEvent, SseParser

MAX_REPLY_BYTES = 1 << 20
MAX_STREAM_BYTES = 64 << 20
"""Far above the longest answer: each word of it travels in an event of its own."""

LEAVE_S = 0.05


class Reply(Struct, frozen=True):
    """What a provider answered."""

    status: int
    headers: httpx.Headers
    body: bytes

    def __repr__(self) -> str:
        """Leave the body out: it may hold a client secret."""
        return f"Reply({self.status})"

    def without(self, secret: Secret) -> Reply:
        """Return this reply, without `secret` where it is an error that repeats it: errors are shown and logged."""
        shown = secret.reveal().encode()
        if self.status < 400 or not shown or shown not in self.body:
            return self
        return Reply(self.status, self.headers, self.body.replace(shown, "…".encode()))

    @property
    def media_type(self) -> str:
        """The type of the body, without parameters."""
        return media_type(self.headers)

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 in it is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class ReplyStream:
    """A reply whose head is here and whose body still comes: `read` it whole, or take each `piece`, or each event.

    Whoever is given one closes it, as its context manager does. `lost` names what broke; `secret` is what was shown.
    """

    def __init__(
        self, response: httpx.Response, host: str, secret: Secret, lost: Callable[[httpx.HTTPError], TransportLost]
    ) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self._response = response
        self._pieces = response.aiter_raw()
        self._host = host
        self._secret = secret
        self._lost = lost
        self._received_bytes = 0
        self._parser = SseParser()
        self._events: deque[ServerSentEvent] = deque()

    @property
    def is_events(self) -> bool:
        """Whether the body is a stream of events."""
        return media_type(self.headers) == "text/event-stream"

    async def read(self) -> Reply:
        """Return the whole reply and close it; raises TransportLost, TransportRefused when it is too large."""
        async with self:
            body = bytearray()
            while piece := await self._piece(MAX_REPLY_BYTES):
                body += piece
            return Reply(self.status, self.headers, bytes(body)).without(self._secret)

    async def __aenter__(self) -> ReplyStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close it; may be called more than once.

        What is left is passed over if it is little, so that the connection can be used again; where more would come,
        the read that is broken off ends all the generators of the library, which the loop would have to do later.
        """
        try:
            with contextlib.suppress(TimeoutError, httpx.HTTPError, httpx.StreamError):
                async with asyncio.timeout(LEAVE_S):
                    async for _ in self._pieces:
                        pass
        finally:
            await self._response.aclose()

    def __aiter__(self) -> ReplyStream:
        return self

    async def __anext__(self) -> ServerSentEvent:
        """Return the next event, until the body ends; raises TransportLost, TransportRefused when it is too large."""
        while not self._events:
            piece = await self._piece(MAX_STREAM_BYTES)
            if not piece:
                raise StopAsyncIteration
            self._events.extend(self._parser.feed(piece))
        return self._events.popleft()

    async def piece(self) -> bytes:
        """Return the next piece of the body, nothing behind the last; raises like the iteration over its events."""
        return await self._piece(MAX_STREAM_BYTES)

    async def _piece(self, max_bytes: int) -> bytes:
        try:
            piece = await anext(self._pieces, b"")
        except httpx.HTTPError as error:
            failure = self._lost(error)
        else:
            self._received_bytes += len(piece)
            if self._received_bytes > max_bytes:
                raise TransportRefused(f"The reply of {self._host} is too large.", hint="Check base_url.")
            return piece
        # Outside of the handler, so that no traceback leads to the library's frames, which hold the headers.
        raise failure


def media_type(headers: httpx.Headers) -> str:
    """Return the type of a body, without parameters."""
    return str(headers.get("content-type", "")).partition(";")[0].strip().lower()
