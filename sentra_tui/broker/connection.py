"""A connection to the broker: one request, one answer, and the end."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Coroutine
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

from sentra_tui.broker.connections import Connections
from sentra_tui.broker.incoming import INCOMING
from sentra_tui.broker.refusal import Refusal
from sentra_tui.broker.request_reader import Head, RequestReader
from sentra_tui.broker.response import Response

_log = logging.getLogger(__name__)

_HEAD = (
    "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nCache-Control: no-store\r\n"
    "Connection: close\r\nX-Content-Type-Options: nosniff\r\nDate: %s\r\n%s\r\n"
)


class Service(Protocol):
    """Answers requests; `client` is the address that they come from."""

    def check_head(self, head: Head) -> None:
        """Raise Refusal for a request whose body need not be read."""
        ...

    def refuse(self, refusal: Refusal, client: str) -> Response:
        """Answer a request that was refused before it was whole."""
        ...

    def handle(self, head: Head, body: bytes, client: str) -> Coroutine[None, None, Response]:
        """Answer a request."""
        ...


class Connection(asyncio.BufferedProtocol):
    """Serves one request of one client."""

    def __init__(self, service: Service, connections: Connections) -> None:
        self._service = service
        self._connections = connections
        self._reader = RequestReader(service.check_head)
        self._transport: asyncio.Transport | None = None
        self._client = ""
        self._answering: asyncio.Task[None] | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._client = str((transport.get_extra_info("peername") or ("",))[0])
        self._connections.opened(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next piece goes."""
        return INCOMING

    def buffer_updated(self, nbytes: int) -> None:
        """Take a piece of the request; what follows one, and the rest of a refused one, is dropped."""
        if self._refused or self._answering is not None:
            return
        try:
            body = self._reader.feed(INCOMING[:nbytes])
        except Refusal as refusal:
            self._refused = True
            self._send(self._service.refuse(refusal, self._client))
            self._leave_soon()
            return
        if body is not None and self._reader.head is not None and self._transport is not None:
            self._connections.heard(self._transport)
            self._answering = self._connections.run(self._answer(self._reader.head, body))
            self._answering.add_done_callback(self._failed)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave; what was being answered is for nobody any more."""
        if self._transport is not None:
            self._connections.closed(self._transport)
        if self._answering is not None:
            self._answering.cancel()
        elif self._reader.head is not None and not self._refused:
            self._service.refuse(Refusal(408, "unfinished", "The request did not come in time."), self._client)

    async def _answer(self, head: Head, body: bytes) -> None:
        self._send(await self._service.handle(head, body, self._client))
        if self._transport is not None:
            self._transport.close()

    def _failed(self, answering: asyncio.Task[None]) -> None:
        """Answer where we failed, and log where it was, not with what: the words of an error may quote a request."""
        error = None if answering.cancelled() else answering.exception()
        if error is None:
            return
        place = traceback.extract_tb(error.__traceback__)[-1]
        _log.error("%s at %s:%d", type(error).__name__, place.filename, place.lineno)
        self._send(self._service.refuse(Refusal(500, "failed", "The broker failed."), self._client))
        if self._transport is not None:
            self._transport.close()

    def _send(self, response: Response) -> None:
        if self._transport is not None:
            self._transport.write(_wire_form(response))

    def _leave_soon(self) -> None:
        if self._transport is not None:
            if self._transport.can_write_eof():
                self._transport.write_eof()
            self._connections.refused(self._transport)


def _wire_form(response: Response) -> bytes:
    status, body = response.status, response.body
    more = "".join([f"{name}: {value}\r\n" for name, value in response.headers.items()])
    head = _HEAD % (status, HTTPStatus(status).phrase, len(body), _date(int(time.time())), more)
    return head.encode("latin-1") + body


@lru_cache(maxsize=1)
def _date(epoch_s: int) -> str:
    """Return the Date of every response of a second."""
    return formatdate(epoch_s, usegmt=True)
