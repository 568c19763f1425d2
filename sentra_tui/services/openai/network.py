"""Why there was no reply at all."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean_line

_PROXY_HINT = "Check HTTPS_PROXY, ALL_PROXY and NO_PROXY."
_NETWORK_HINT = "Check the network."


def network_error(error: BaseException, host: str) -> TransportLost:
    """Return what to tell the user when a request to `host` broke, and whether another road may do.

    The library's own words are left out: some of them quote headers.
    """
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return _unreachable(f"The name {host} cannot be resolved.", "Check the network and the address.")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return not_trusted(host, cause.verify_message)
        if isinstance(cause, httpx.ProxyError) and str(cause).startswith("407"):
            return proxy_login(host)
    for kind, message, hint, reason in _WORDS:
        if any(isinstance(cause, kind) for cause in causes):
            return TransportLost(message.format(host=host), hint=hint, reason=reason)
    return TransportLost(f"The request to {host} failed ({type(error).__name__}).")


def not_trusted(host: str, why: str) -> TransportLost:
    """Return what it means that a certificate is not trusted; `why` is OpenSSL's word for it."""
    return TransportLost(
        f"The certificate of {host} is not trusted ({clean_line(why, 100)}).",
        hint="Check the clock; a private authority goes into ca_file of the profile, or SSL_CERT_FILE.",
        reason=Reason.TLS_INSPECTED,
    )


def proxy_login(host: str) -> TransportLost:
    """Return what it means that the proxy answered 407 (RFC 9110)."""
    return TransportLost(
        f"The proxy on the way to {host} wants a login (407).",
        hint="Write it into HTTPS_PROXY, as http://name:password@proxy:port.",
        reason=Reason.PROXY_LOGIN,
    )


def unusable_proxy(error: Exception) -> TransportLost:
    """Return what it means that the library cannot do what HTTPS_PROXY, ALL_PROXY or NO_PROXY says."""
    what = "is a SOCKS proxy, which is not taken" if isinstance(error, ImportError) else "cannot be used as written"
    return TransportLost(f"The proxy of the environment {what}.", hint=_PROXY_HINT, reason=Reason.UNREACHABLE)


def no_connection(host: str) -> TransportLost:
    """Return what it means that no connection was there in time."""
    return _unreachable(f"{host} does not answer.", _NETWORK_HINT)


def took_too_long(host: str) -> TransportLost:
    """Return what it means that a request was sent, and no whole answer came in time."""
    return TransportLost(f"{host} took too long to answer.", reason=Reason.SILENT)


def _unreachable(message: str, hint: str) -> TransportLost:
    return TransportLost(message, hint=hint, reason=Reason.UNREACHABLE)


_WORDS: tuple[tuple[type[BaseException], str, str, Reason], ...] = (
    (httpx.ProxyError, "The proxy did not let the request to {host} through.", _PROXY_HINT, Reason.UNREACHABLE),
    (ssl.SSLError, "No secure connection to {host}.", "Check the address, and its proxy.", Reason.UNREACHABLE),
    (httpx.ConnectTimeout, "{host} does not answer.", _NETWORK_HINT, Reason.UNREACHABLE),
    (httpx.TimeoutException, "{host} took too long to answer.", "", Reason.SILENT),
    (ConnectionRefusedError, "{host} refused the connection.", "Check that it runs, and its port.", Reason.UNREACHABLE),
    (httpx.RemoteProtocolError, "{host} broke off in the middle of its answer.", "", Reason.OTHER),
    (httpx.ConnectError, "{host} cannot be reached.", _NETWORK_HINT, Reason.UNREACHABLE),
    (httpx.NetworkError, "The connection to {host} broke.", "", Reason.OTHER),
    (httpx.UnsupportedProtocol, "The proxy's address cannot be used.", _PROXY_HINT, Reason.UNREACHABLE),
)
"""The kind of cause, what happened, what helps, and what it means; the first row that fits counts."""


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
