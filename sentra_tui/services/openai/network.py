"""Why there was no reply at all."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from sentra_tui.domain.errors import TransportLost

_PROXY_HINT = "Check HTTPS_PROXY and NO_PROXY."


def network_error(error: httpx.HTTPError, host: str) -> TransportLost:
    """Return what to tell the user when a request to `host` broke.

    The library's own words are left out: some of them quote headers.
    """
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return TransportLost(f"The name {host} cannot be resolved.", hint="Check the network and the address.")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TransportLost(
                f"The certificate of {host} is not trusted ({cause.verify_message}).",
                hint="Check the clock; a private authority goes into SSL_CERT_FILE.",
            )
    for kind, message, hint in _WORDS:
        if any(isinstance(cause, kind) for cause in causes):
            return TransportLost(message.format(host=host), hint=hint)
    return TransportLost(f"The request to {host} failed ({type(error).__name__}).")


_WORDS: tuple[tuple[type[BaseException], str, str], ...] = (
    (httpx.ProxyError, "The proxy did not let the request to {host} through.", _PROXY_HINT),
    (ssl.SSLError, "No secure connection to {host}.", "Check the address, and the network's proxy."),
    (httpx.ConnectTimeout, "{host} does not answer.", "Check the network."),
    (httpx.TimeoutException, "{host} took too long to answer.", ""),
    (ConnectionRefusedError, "{host} refused the connection.", "Check that it runs, and its port."),
    (httpx.RemoteProtocolError, "{host} broke off in the middle of its answer.", ""),
    (httpx.ConnectError, "{host} cannot be reached.", "Check the network."),
    (httpx.NetworkError, "The connection to {host} broke.", ""),
    (httpx.UnsupportedProtocol, "The proxy's address cannot be used.", _PROXY_HINT),
)
"""The kind of cause, what happened, and what helps; the first row that fits counts."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and all that led to it: the libraries wrap, chain and group the system's errors."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
