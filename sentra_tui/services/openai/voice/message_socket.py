"""A connected socket of text messages, and how one is opened to a realtime endpoint."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidProxyStatus, InvalidStatus, WebSocketException

from sentra_tui.domain.errors import TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import auth_headers
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.network import network_error, proxy_login
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import refusal
from sentra_tui.services.tls import load_tls_context

MAX_MESSAGE_BYTES = 16 << 20
CLOSE_S = 0.5


class MessageSocket(Protocol):
    """A socket that is connected; messages are text."""

    async def send(self, message: str) -> None:
        """Send one message; raises TransportLost when the socket is gone."""
        ...

    def messages(self) -> AsyncIterator[str]:
        """Yield what the peer says, until the socket is gone: then TransportLost is raised, or nothing more comes."""
        ...

    async def close(self) -> None:
        """Close it; may be called more than once."""
        ...


OpenSocket: TypeAlias = Callable[[], Awaitable[MessageSocket]]
"""Opens a socket; raises CredentialRefused, TransportRefused or TransportLost."""


def realtime_socket(endpoint: Endpoint, key: Callable[[], Secret], model: str) -> OpenSocket:
    """Return what opens sockets to the realtime endpoint of a provider, each with the key that `key` gives then."""
    return socket_to(endpoint, key, {"model": model})


def socket_to(
    endpoint: Endpoint, key: Callable[[], Secret], query: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> OpenSocket:
    """Return the same with any query, and with more headers."""
    url = f"ws{endpoint.base_url.removeprefix('http')}/realtime?{urlencode(query)}"
    more = {**endpoint.headers, **(headers or {})}

    async def opened() -> MessageSocket:
        for name in ("websockets", "websockets.client"):  # below WARNING they log the handshake's headers
            logging.getLogger(name).setLevel(logging.WARNING)
        is_secure = url.startswith("wss:")
        tls = await load_tls_context(endpoint.ca_file) if is_secure else None
        try:
            return _Socket(
                await _Dial(
                    url,
                    additional_headers={**more, **auth_headers(key(), endpoint.auth)},
                    ssl=tls,
                    proxy=True if is_secure else None,  # plain sockets stay on this machine
                    compression=None,
                    max_size=MAX_MESSAGE_BYTES,
                    close_timeout=CLOSE_S,
                ),
                endpoint.label,
            )
        except (OSError, EOFError, ValueError, ImportError, WebSocketException) as error:
            failure = _failure(error, endpoint)
        # Outside of the handler, so that no traceback leads to the library's frames, which hold the headers.
        raise failure

    return opened


class _Dial(connect):
    """The library follows redirects, with headers that hold a key."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class _Socket:
    """The library's connection as a MessageSocket."""

    def __init__(self, connection: ClientConnection, label: str) -> None:
        self._connection = connection
        self._label = label

    async def send(self, message: str) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed:
            raise TransportLost(f"The connection to {self._label} broke.") from None

    async def messages(self) -> AsyncIterator[str]:
        try:
            async for message in self._connection:
                yield message if isinstance(message, str) else message.decode("utf-8", "replace")
        except ConnectionClosed:
            raise TransportLost(f"The connection to {self._label} broke.") from None

    async def close(self) -> None:
        await self._connection.close()


def _failure(error: Exception, endpoint: Endpoint) -> TransportError:
    """Return what it means that no socket opened."""
    if isinstance(error, InvalidStatus):
        answer = error.response
        if answer.status_code >= 300:
            headers = httpx.Headers(list(answer.headers.raw_items()))
            return refusal(Reply(answer.status_code, headers, bytes(answer.body or b"")), endpoint)
    if isinstance(error, InvalidProxyStatus) and error.response.status_code == 407:
        return proxy_login(endpoint.host)
    if isinstance(error, OSError):
        return network_error(error, endpoint.host)
    return TransportRefused(
        f"{endpoint.host} does not speak WebSocket ({type(error).__name__}).",
        hint="Check base_url, and the network's proxy.",
        reason=Reason.NOT_OFFERED,
    )
