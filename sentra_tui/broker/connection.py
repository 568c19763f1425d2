"""A connection to the broker: aiohttp's, with a deadline, and with our words where a request cannot even be read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sentra_tui.broker.connections import Connections
from sentra_tui.broker.refusal import Refusal

_log = logging.getLogger(__name__)

LINGER_S = 1.0
"""How long the rest of a refused body is read and dropped, so that the client sees the refusal and not a reset."""
MAX_LINE_BYTES = 4096

Refuse = Callable[[web.BaseRequest, Refusal], web.Response]


class Connection(web.RequestHandler):
    """Serves one request of one client."""

    __slots__ = ("_connections", "_refuse", "_way_out")

    def __init__(
        self, server: web.Server, connections: Connections, refuse: Refuse, *, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
            keepalive_timeout=0,
            tcp_keepalive=False,
            lingering_time=LINGER_S,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
        )
        self._connections = connections
        self._refuse = refuse
        self._way_out: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self._way_out = transport
        if isinstance(transport, asyncio.Transport):
            self._connections.opened(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Leave."""
        if self._way_out is not None:
            self._connections.closed(self._way_out)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP (400), or what we failed at (500); the library would quote the one and log both."""
        if status < 500:
            return self._refuse(request, Refusal(400, "bad_request", "This is not a request that can be read."))
        self.log_exception(exc_info=exc)
        return self._refuse(request, Refusal(500, "failed", "The broker failed."))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Say where it went wrong, not with what: the words of an error may quote a request."""
        error = kw.get("exc_info")
        trace = error.__traceback__ if isinstance(error, BaseException) else None
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "somewhere"
        _log.error("%s at %s", type(error).__name__, place)
