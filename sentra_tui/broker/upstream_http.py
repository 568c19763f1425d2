"""Requests to one origin over a few connections that are kept open.

A team asks in bursts, at the beginning of a meeting, and all of them wait for the last. A client for everything takes
two to five times as long for a request as this one, which posts one kind of body to one place.
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import httpx

from sentra_tui.broker.incoming import INCOMING
from sentra_tui.broker.reply_reader import BrokenReply, ReplyReader
from sentra_tui.domain.errors import ConfigError
from sentra_tui.services.openai.reply import Reply

CONNECT_S = 3.0
_TUNNEL = re.compile(rb"HTTP/1\.[01] 2\d\d[ \r]")
_HEAD_BYTES = 16 << 10
_PROXY_PORT = 80
"""Where none is written, as in the other clients that read HTTPS_PROXY."""


class UpstreamHttp:
    """Posts to `url`, over `most` connections at a time; a request waits where all are taken.

    Redirects are not followed. `proxy` is the URL of one that is asked for a tunnel. Every request raises OSError,
    TLS errors and timeouts among them, or BrokenReply.
    """

    def __init__(self, url: str, tls: ssl.SSLContext, most: int, proxy: str = "") -> None:
        parsed = httpx.URL(url)
        self._host = parsed.host
        self._tls = tls if parsed.scheme == "https" else None
        self._port = parsed.port or (443 if self._tls else 80)
        self._proxy = proxy
        self._head = b"POST %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\n" % (parsed.raw_path, parsed.netloc)
        self._places = asyncio.Semaphore(most)
        self._idle: list[_Connection] = []

    async def post(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return the reply, whatever its status."""
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = b"%s%sContent-Length: %d\r\n\r\n%s" % (self._head, fields.encode("latin-1"), len(body), body)
        async with self._places:
            while self._idle:
                kept = self._idle.pop()
                try:
                    return await self._over(kept, request)
                except _Stale:
                    continue
            return await self._over(await self._opened(), request)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().abort()

    async def _over(self, connection: _Connection, request: bytes) -> Reply:
        try:
            reply = await connection.post(request)
        except BaseException:
            connection.abort()
            raise
        if connection.is_open:
            self._idle.append(connection)
        return reply

    async def _opened(self) -> _Connection:
        loop = asyncio.get_running_loop()
        name = self._host if self._tls else None
        async with asyncio.timeout(CONNECT_S):
            if self._proxy:
                tunnel = await _tunnel(self._proxy, f"{self._host}:{self._port}")
                _, connection = await loop.create_connection(
                    _Connection, sock=tunnel, ssl=self._tls, server_hostname=name
                )
            else:
                _, connection = await loop.create_connection(
                    _Connection, self._host, self._port, ssl=self._tls, server_hostname=name
                )
        return connection


class _Stale(BrokenReply):
    """A connection that was used before ended before it said anything: the host had closed it meanwhile."""


class _Connection(asyncio.BufferedProtocol):
    """One connection, on which one request at a time is answered."""

    def __init__(self) -> None:
        self.is_open = False
        self._used = False
        self._transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        self._reply: asyncio.Future[Reply] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.is_open = True

    async def post(self, request: bytes) -> Reply:
        """Return the reply to a whole request."""
        if self._transport is None or not self.is_open:
            raise _Stale
        self._reader = ReplyReader()
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._reply
        finally:
            self._reply = None
            self._used = True

    def abort(self) -> None:
        """Drop it."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next piece goes."""
        return INCOMING

    def buffer_updated(self, nbytes: int) -> None:
        """Go on with the reply; what nobody asked for ends the connection."""
        if self._reply is None or self._reply.done():
            self.abort()
            return
        try:
            reply = self._reader.feed(INCOMING[:nbytes])
        except BrokenReply as error:
            self._reply.set_exception(error)
            return
        if reply is not None:
            if not self._reader.keeps_open:
                self.abort()
            self._reply.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so to the request that waits."""
        self.is_open = False
        if self._reply is not None and not self._reply.done():
            stale = self._used and not self._reader.begun
            self._reply.set_exception(_Stale() if stale else BrokenReply("the connection ended"))


async def _tunnel(proxy: str, authority: str) -> socket.socket:
    """Return a socket that leads to `authority` through a proxy (RFC 9110 section 9.3.6)."""
    loop = asyncio.get_running_loop()
    parsed = urlsplit(proxy)
    link = await asyncio.to_thread(socket.create_connection, (parsed.hostname, parsed.port or _PROXY_PORT), CONNECT_S)
    try:
        link.setblocking(False)
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        if parsed.username:
            login = f"{unquote(parsed.username)}:{unquote(parsed.password or '')}"
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
        await loop.sock_sendall(link, "\r\n".join([*lines, "", ""]).encode("latin-1"))
        said = b""
        while not said.endswith(b"\r\n\r\n"):
            piece = await loop.sock_recv(link, _HEAD_BYTES)
            said += piece
            if not piece or len(said) > _HEAD_BYTES:
                raise BrokenReply("the proxy broke off")
        if not _TUNNEL.match(said):
            raise BrokenReply("the proxy refused")
    except BaseException:
        link.close()
        raise
    return link


def proxy_for(url: str) -> str:
    """Return the proxy that the environment names for `url`, empty where none; plain http, so loopback, takes none.

    Raises ConfigError where it is not one that is asked over plain http.
    """
    parsed = httpx.URL(url)
    if parsed.scheme == "http" or urllib.request.proxy_bypass(parsed.host):
        return ""
    proxies = urllib.request.getproxies()
    named = proxies.get("https") or proxies.get("all") or ""
    if not named:
        return ""
    proxy = named if "://" in named else f"http://{named}"
    if not _is_usable(proxy):
        raise ConfigError("HTTPS_PROXY cannot be used as written.", hint="Like http://name:password@proxy:3128.")
    return proxy


def _is_usable(proxy: str) -> bool:
    try:
        parsed = urlsplit(proxy)
        return parsed.scheme == "http" and bool(parsed.hostname) and parsed.port != 0
    except ValueError:
        return False
