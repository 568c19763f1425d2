"""Requests to one origin over a few connections that are kept open.

A team asks in bursts, at the beginning of a meeting, and all of them wait for the last. A client for everything takes
two to five times as long for a request as this one, which posts one kind of body to one place.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Mapping

import httpx

from sentra_tui.broker.deadlines import Deadlines
from sentra_tui.broker.incoming import INCOMING
from sentra_tui.broker.proxy import tunnel
from sentra_tui.broker.reply_reader import BrokenReply, ReplyReader
from sentra_tui.services.openai.reply import Reply

CONNECT_S = 3.0
DEADLINE_S = 4.0
"""Less than a client waits, so that it learns who is to blame."""
IDLE_S = 60.0
"""How long a connection that nobody uses is kept: networks forget older ones, and tell neither end."""


class UpstreamHttp:
    """Posts to `url`, over `most` connections at a time; a request waits where all are taken.

    Redirects are not followed. `proxy` is the URL of one that is asked for a tunnel. Every request raises OSError,
    TLS errors and timeouts among them, or BrokenReply. It is answered within `deadline_s`, or not at all.
    """

    def __init__(
        self,
        url: str,
        tls: ssl.SSLContext,
        most: int,
        proxy: str = "",
        *,
        deadline_s: float = DEADLINE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        parsed = httpx.URL(url)
        self._host = parsed.host
        self._tls = tls if parsed.scheme == "https" else None
        self._port = parsed.port or (443 if self._tls else 80)
        self._proxy = proxy
        self._head = b"POST %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\n" % (parsed.raw_path, parsed.netloc)
        self._loop = asyncio.get_running_loop()
        self._deadline_s = deadline_s
        self._running = Deadlines(deadline_s, _Exchange.time_out)
        self._waiting: deque[_Exchange] = deque()
        self._idle = Deadlines(idle_s, _Connection.abort)
        self._places = most

    async def post(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return the reply, whatever its status."""
        fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        request = b"%s%sContent-Length: %d\r\n\r\n%s" % (self._head, fields.encode("latin-1"), len(body), body)
        exchange = _Exchange(request, self._loop.create_future(), self._loop.time() + self._deadline_s)
        self._running.add(exchange)
        try:
            while True:
                await self._begin(exchange)
                try:
                    return await exchange.reply
                except _Stale:
                    if self._loop.time() >= exchange.ends_s:  # nobody would end it any more
                        raise TimeoutError from None
                    exchange.reply = self._loop.create_future()
        finally:
            self._running.discard(exchange)
            exchange.leave()
            self._invite()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().abort()

    async def _begin(self, exchange: _Exchange) -> None:
        """Send a request over a connection that is free, or a new one, or let it wait for its turn."""
        while self._idle:
            kept = self._idle.pop()
            if kept.is_open:
                kept.begin(exchange)
                return
        if self._places:
            opened = await self._opened(exchange.ends_s)
            if not opened.is_open:
                raise BrokenReply("the connection ended")
            opened.begin(exchange)
        else:
            self._waiting.append(exchange)

    async def _opened(self, until_s: float) -> _Connection:
        self._places -= 1
        connection = _Connection(self._freed, self._lost)
        name = self._host if self._tls else None
        try:
            async with asyncio.timeout_at(min(until_s, self._loop.time() + CONNECT_S)):
                if self._proxy:
                    through = await tunnel(self._proxy, f"{self._host}:{self._port}", CONNECT_S)
                    await self._loop.create_connection(
                        lambda: connection, sock=through, ssl=self._tls, server_hostname=name
                    )
                else:
                    await self._loop.create_connection(
                        lambda: connection, self._host, self._port, ssl=self._tls, server_hostname=name
                    )
        except BaseException:
            if connection.is_open:
                connection.abort()
            else:
                self._lost()
            raise
        return connection

    def _freed(self, connection: _Connection) -> None:
        """Give a connection to the next one who waits."""
        while self._waiting:
            exchange = self._waiting.popleft()
            if not exchange.reply.done():
                connection.begin(exchange)
                return
        self._idle.add(connection)

    def _lost(self) -> None:
        self._places += 1
        self._invite()

    def _invite(self) -> None:
        """Where there is a place, let the next one who waits open a connection."""
        while self._waiting and self._places:
            exchange = self._waiting.popleft()
            if not exchange.reply.done():
                exchange.fail(_Stale())
                return


class _Stale(Exception):
    """There is no connection for a request yet, or no more: the host had closed it before it said anything."""


class _Exchange:
    """A request and its reply."""

    def __init__(self, request: bytes, reply: asyncio.Future[Reply], ends_s: float) -> None:
        self.request = request
        self.reply = reply
        self.ends_s = ends_s
        self.connection: _Connection | None = None

    def fail(self, error: Exception) -> None:
        """End without a reply."""
        if not self.reply.done():
            self.reply.set_exception(error)
            self.reply.exception()  # seen, also where the request is not waiting for it yet

    def time_out(self) -> None:
        """End: it takes too long."""
        self.fail(TimeoutError())

    def leave(self) -> None:
        """Drop the connection on which it is not finished: what comes there is for nobody."""
        if self.connection is not None:
            self.connection.abort()


class _Connection(asyncio.BufferedProtocol):
    """One connection, on which one request at a time is answered."""

    def __init__(self, freed: Callable[[_Connection], None], lost: Callable[[], None]) -> None:
        self.is_open = False
        self._freed = freed
        self._lost = lost
        self._used = False
        self._transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        self._exchange: _Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.is_open = True

    def begin(self, exchange: _Exchange) -> None:
        """Send a request; its reply goes where it waits for it."""
        assert self._transport is not None
        self._exchange, exchange.connection = exchange, self
        self._reader = ReplyReader()
        self._transport.write(exchange.request)

    def abort(self) -> None:
        """Drop it."""
        self.is_open = False
        self._done()
        if self._transport is not None:
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next piece goes."""
        return INCOMING

    def buffer_updated(self, nbytes: int) -> None:
        """Go on with the reply; what nobody asked for ends the connection."""
        exchange = self._exchange
        if exchange is None:
            self.abort()
            return
        try:
            reply = self._reader.feed(INCOMING[:nbytes])
        except BrokenReply as error:
            exchange.fail(error)
            self.abort()
            return
        if reply is None:
            return
        self._done()
        self._used = True
        if not exchange.reply.done():
            exchange.reply.set_result(reply)
        if self._reader.keeps_open:
            self._freed(self)
        else:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so to the request that waits, and leave the place to another."""
        self.is_open = False
        exchange = self._done()
        if exchange is not None:
            stale = self._used and not self._reader.begun
            exchange.fail(_Stale() if stale else BrokenReply("the connection ended"))
        self._lost()

    def _done(self) -> _Exchange | None:
        """Return the exchange that was under way, which is not any more."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.connection = None
        return exchange
