"""Server-sent events to one client (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import msgspec
from aiohttp import web

from sentra_tui.provider.text_faults import TextFault


class EventStream:
    """The answer to a request as a stream of events; the block ends quietly when the connection is gone."""

    def __init__(self, request: web.Request, fault: TextFault) -> None:
        self.response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        self._request = request
        self._left = fault.drop_stream_after_events
        self._half_event = fault.half_event

    async def __aenter__(self) -> EventStream:
        await self.response.prepare(self._request)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return isinstance(error, ConnectionError)

    async def send(self, data: dict[str, Any], event: str = "") -> None:
        """Send one event with JSON in it, named where `event` is given; raises ConnectionError."""
        await self.send_text(msgspec.json.encode(data).decode(), event)

    async def send_text(self, data: str, event: str = "") -> None:
        """Send one event with one line of text in it, such as `[DONE]`; raises ConnectionError."""
        name = f"event: {event}\n" if event else ""
        message = f"{name}data: {data}\n\n".encode()
        if self._left is not None:
            await self._drop_when_due(message)
        await self.response.write(message)

    async def _drop_when_due(self, message: bytes) -> None:
        if not self._left:
            if self._half_event:
                await self.response.write(message[: len(message) // 2])
            if self._request.transport is not None:
                self._request.transport.close()
            raise ConnectionResetError("The plan closes the stream.")
        self._left -= 1
