"""Requests to a provider: bounded, and without a trace of the key."""

from __future__ import annotations

import asyncio
import importlib
import logging
import ssl
from typing import Any, Protocol

import httpx

from sentra_tui.domain.errors import ConfigError, OutcomeUnknown, TransportLost, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import BearerAuth
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.network import network_error, no_connection, took_too_long, unusable_proxy
from sentra_tui.services.openai.reply import Reply, ReplyStream
from sentra_tui.services.tls import load_tls_context

CONNECT_S = 4.0
DEADLINE_S = 4.5
"""How long a short request may take, its reply read: the user waits for it."""
PATIENT_S = 10.0
"""The same for requests that nobody watches."""
SILENCE_S = 60.0
"""How long a stream may say nothing before it is taken for broken."""
KEEP_ALIVE_S = 75.0
"""Long enough that the second stream and the next dial find the connection open."""
_SAFE_METHODS = ("GET", "DELETE")
_LATE_PARTS = ("httpcore", "anyio._backends._asyncio")


class ApiClient:
    """Asks one provider, over connections that it keeps.

    Certificates are checked, redirects never followed, and loopback takes no proxy. Bodies come as they are: none is
    unpacked, so none grows. Nothing is asked twice. Whoever makes it closes it.

    Every request raises TransportLost when nothing of it was sent: there was no connection. One that was sent and got
    no whole reply raises OutcomeUnknown where it may have changed something (POST), else TransportLost as well, since
    asking once more is harmless. Each is over within `deadline_s`. `content` is as httpx takes it.

    `tls` is what certificates are checked with; by default it is made, off the loop, when it is first needed.
    """

    def __init__(self, endpoint: Endpoint, *, tls: ssl.SSLContext | None = None) -> None:
        self.endpoint = endpoint
        for name in ("httpx", "httpcore"):  # below WARNING they log addresses and headers
            logging.getLogger(name).setLevel(logging.WARNING)
        self._tls = tls
        self._pool: _Pool | None = None
        self._left: list[_Pool] = []
        self._closed = False

    async def get(self, path: str, secret: Secret, *, deadline_s: float | None = None, **content: Any) -> Reply:
        """Return the whole reply, whatever its status; raises TransportRefused too when it is too large."""
        return await self._ask("GET", path, secret, deadline_s, content)

    async def post(self, path: str, secret: Secret, *, deadline_s: float | None = None, **content: Any) -> Reply:
        """Like `get`."""
        return await self._ask("POST", path, secret, deadline_s, content)

    async def delete(self, path: str, secret: Secret, *, deadline_s: float | None = None, **content: Any) -> Reply:
        """Like `get`."""
        return await self._ask("DELETE", path, secret, deadline_s, content)

    async def stream(
        self, method: str, path: str, secret: Secret, *, silence_s: float = SILENCE_S, **content: Any
    ) -> ReplyStream:
        """Return a reply, whatever its status, as soon as its head is here; the caller closes it.

        It breaks when nothing comes for `silence_s`.
        """
        return await self._send(_Request(self.endpoint.host, method), path, secret, silence_s, content)

    def forget_connections(self) -> None:
        """Open new connections from now on: those that are kept may lead nowhere. What is under way may end."""
        if self._pool is not None:
            self._left.append(self._pool)
            self._pool = None

    async def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self.forget_connections()
        while self._left:
            await self._left.pop().http.aclose()

    async def _ask(
        self, method: str, path: str, secret: Secret, deadline_s: float | None, content: dict[str, Any]
    ) -> Reply:
        allowed_s = DEADLINE_S if deadline_s is None else deadline_s
        request = _Request(self.endpoint.host, method)
        try:
            async with asyncio.timeout(allowed_s):
                return await (await self._send(request, path, secret, allowed_s, content)).read()
        except TimeoutError:
            failure = request.late()
        # Outside of the handler, so that no traceback leads to the library's frames, which hold the headers.
        raise failure

    async def _send(
        self, request: _Request, path: str, secret: Secret, silence_s: float, content: dict[str, Any]
    ) -> ReplyStream:
        pool = await self._opened()
        place = self.endpoint
        asked = pool.http.build_request(
            request.method,
            place.base_url + path,
            timeout=httpx.Timeout(PATIENT_S, connect=CONNECT_S, read=silence_s),
            extensions={"trace": request.trace},
            **content,
        )
        try:
            response = await pool.send(asked, BearerAuth(secret, place.auth, place.headers))
        except httpx.HTTPError as error:
            failure = request.lost(error)
        else:
            return ReplyStream(response, place.host, secret, request.lost)
        raise failure

    async def _opened(self) -> _Pool:
        tls = await self._checked_with()
        if self._pool is None:
            await asyncio.to_thread(_import_late_parts)
        for idle in [pool for pool in self._left if not pool.busy]:
            self._left.remove(idle)
            await idle.http.aclose()
        if self._closed:
            raise TransportLost(f"The connection to {self.endpoint.host} is closed.")
        if self._pool is None:
            try:
                http = httpx.AsyncClient(
                    headers={"Accept-Encoding": "identity"},
                    verify=tls,
                    limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_S),
                    follow_redirects=False,
                    trust_env=not self.endpoint.is_loopback,  # which names the proxies
                )
            except (ValueError, ImportError, httpx.InvalidURL) as error:
                raise unusable_proxy(error) from None
            self._pool = _Pool(http)
        return self._pool

    async def _checked_with(self) -> ssl.SSLContext:
        if self._tls is None:
            if self.endpoint.base_url.startswith("http:"):
                self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # knows no authority, and needs none
            else:
                try:
                    self._tls = await load_tls_context(self.endpoint.ca_file)
                except ConfigError as error:
                    raise TransportRefused(error.message, hint=error.hint) from None
        return self._tls


def _import_late_parts() -> None:
    """Import what httpx does not before its first request: that takes 40 ms, for which a loop would stand still."""
    for name in _LATE_PARTS:
        importlib.import_module(name)


class _Pool:
    """Connections that are kept, and what is asked over them."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self._sending = 0
        self._responses: list[httpx.Response] = []

    @property
    def busy(self) -> bool:
        """Whether a reply, or its rest, still comes."""
        return self._sending > 0 or any(not response.is_closed for response in self._responses)

    async def send(self, request: httpx.Request, auth: httpx.Auth) -> httpx.Response:
        """Return the reply as soon as its head is here; raises as httpx does."""
        self._sending += 1
        try:
            response = await self.http.send(request, auth=auth, stream=True)
        finally:
            self._sending -= 1
        self._responses = [each for each in self._responses if not each.is_closed]
        self._responses.append(response)
        return response


class _Closable(Protocol):
    async def aclose(self) -> None: ...


class _Request:
    """What became of a request, as far as it matters when it breaks."""

    def __init__(self, host: str, method: str) -> None:
        self.method = method
        self._host = host
        self._sent = False
        self._stream: _Closable | None = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Hear from the library what it does; a proxy is asked first, with a request of its own."""
        if event.endswith("connect_tcp.complete"):
            self._stream = info["return_value"]
        elif event.endswith("start_tls.failed") and self._stream is not None:
            await self._stream.aclose()  # the library forgets it where a handshake is cancelled
        elif event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self._sent = True

    def lost(self, error: httpx.HTTPError) -> TransportLost:
        """Return what it means that it broke."""
        return self._known(network_error(error, self._host))

    def late(self) -> TransportLost:
        """Return what it means that its time is over."""
        return self._known(took_too_long(self._host) if self._sent else no_connection(self._host))

    def _known(self, failure: TransportLost) -> TransportLost:
        if self.method in _SAFE_METHODS or not self._sent:
            return failure
        return OutcomeUnknown(failure.message, hint=failure.hint, reason=failure.reason)
