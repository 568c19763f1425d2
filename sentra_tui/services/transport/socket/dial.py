"""Opening a socket: certificates are checked, redirects refused, and proxies are as the environment has them."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.typing import DataLike

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.services.transport.socket.address import SocketAddress
from sentra_tui.services.transport.socket.failures import dial_failure

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
PING_INTERVAL_S = 0.25
"""Often, because TCP notices by what comes after it that a packet was lost: a lone pong would be missing for long."""
CLOSE_TIMEOUT_S = 0.5
"""With the library's ten seconds a dead peer would be waited for that long after it was found dead."""


class Socket(ClientConnection):
    """A connection that tells when it is there, and knows when anything came on it, a pong too."""

    def __init__(self, on_open: Callable[[], None], protocol: ClientProtocol, **settings: Any) -> None:
        super().__init__(protocol, **settings)
        self.heard_at_s = self.loop.time()
        self.answered_at_s: float | None = None
        """When a ping was answered last."""
        self._on_open = on_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection; TLS and the proxy are done with."""
        super().connection_made(transport)
        self._on_open()

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        self.heard_at_s = self.loop.time()
        super().data_received(data)

    async def ping(self, data: DataLike | None = None) -> Awaitable[float]:
        """Send a ping; return what is done when it is answered, by when that is noted."""
        answered = await super().ping(data)
        if isinstance(answered, asyncio.Future):
            answered.add_done_callback(self._on_pong)
        return answered

    def _on_pong(self, answered: asyncio.Future[float]) -> None:
        if not answered.cancelled() and answered.exception() is None:
            self.answered_at_s = self.loop.time()

    async def message(self) -> str:
        """Return the next message; raises ConnectionClosed."""
        message = await self.recv()
        return message if isinstance(message, str) else message.decode(errors="replace")

    async def hang_up(self) -> None:
        """Close the connection, in order where the peer takes part in that."""
        try:
            async with asyncio.timeout(2 * CLOSE_TIMEOUT_S):
                await self.close()
        except TimeoutError:  # it waits for a peer that takes nothing to take what was said before
            self.transport.abort()
            await self.wait_closed()


class _Dial(connect):
    """The library follows redirects, with headers that may hold a key."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_socket(
    address: SocketAddress, headers: Callable[[], dict[str, str]], *, greeting_s: float, tls: ssl.SSLContext | None
) -> Socket:
    """Return a socket that is open, with these headers in its handshake.

    Once there is a connection, the handshake has `greeting_s`. Raises CredentialRefused, TransportRefused or
    TransportLost.
    """
    if not (address.is_secure or address.is_loopback):
        raise TransportRefused(f"The address of {address.host} is not a secure one.", hint="Write it with wss://.")
    for name in ("websockets", "websockets.client"):  # below WARNING they log the handshake's headers
        logging.getLogger(name).setLevel(logging.WARNING)
    loop = asyncio.get_running_loop()
    opened = False

    def on_open() -> None:
        nonlocal opened
        opened = True
        limit.reschedule(loop.time() + greeting_s)

    secure: dict[str, Any] = {"ssl": tls or True, "ssl_handshake_timeout": greeting_s} if address.is_secure else {}
    try:
        async with asyncio.timeout(None) as limit:
            return cast(
                Socket,
                await _Dial(
                    address.url,
                    additional_headers=headers(),
                    compression=None,
                    proxy=None if address.is_loopback else True,
                    open_timeout=None,
                    ping_interval=PING_INTERVAL_S,
                    ping_timeout=None,
                    close_timeout=CLOSE_TIMEOUT_S,
                    max_size=MAX_MESSAGE_BYTES,
                    create_connection=cast(type[ClientConnection], partial(Socket, on_open)),
                    **secure,
                ),
            )
    except (OSError, EOFError, ValueError, ImportError, WebSocketException) as error:
        failure = dial_failure(error, address, opened=opened)
    # Outside of the handler, so that no traceback leads to the library's frames, which hold the headers.
    raise failure
