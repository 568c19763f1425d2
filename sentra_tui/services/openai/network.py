"""Why there was no reply at all."""

from __future__ import annotations

import httpx

from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.roads import Reason
from sentra_tui.services.obstacles import (
    CHECK_NETWORK,
    NO_SUCH_NAME,
    NO_TLS,
    REFUSED,
    Obstacle,
    causes,
    first_obstacle,
    untrusted,
)

_PROXY_HINT = "Check HTTPS_PROXY, ALL_PROXY and NO_PROXY."


def network_error(error: BaseException, host: str) -> TransportLost:
    """Return what to tell the user when a request to `host` broke, and whether another road may do."""
    distrust = untrusted(error, host)
    if distrust is not None:
        return distrust
    if any(isinstance(cause, httpx.ProxyError) and str(cause).startswith("407") for cause in causes(error)):
        return proxy_login(host)
    obstacle = first_obstacle(error, _OBSTACLES)
    return obstacle.lost(host) if obstacle else TransportLost(f"The request to {host} failed ({type(error).__name__}).")


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
    return _NO_ANSWER.lost(host)


def took_too_long(host: str) -> TransportLost:
    """Return what it means that a request was sent, and no whole answer came in time."""
    return _TOO_LONG.lost(host)


_NO_ANSWER = Obstacle(httpx.ConnectTimeout, "{host} does not answer.", CHECK_NETWORK, Reason.UNREACHABLE)
_TOO_LONG = Obstacle(httpx.TimeoutException, "{host} took too long to answer.", "", Reason.SILENT)
_OBSTACLES = (
    NO_SUCH_NAME,
    Obstacle(httpx.ProxyError, "The proxy did not let the request to {host} through.", _PROXY_HINT, Reason.UNREACHABLE),
    NO_TLS,
    _NO_ANSWER,
    _TOO_LONG,
    REFUSED,
    Obstacle(httpx.RemoteProtocolError, "{host} broke off in the middle of its answer.", "", Reason.OTHER),
    Obstacle(httpx.ConnectError, "{host} cannot be reached.", CHECK_NETWORK, Reason.UNREACHABLE),
    Obstacle(httpx.NetworkError, "The connection to {host} broke.", "", Reason.OTHER),
    Obstacle(httpx.UnsupportedProtocol, "The proxy's address cannot be used.", _PROXY_HINT, Reason.UNREACHABLE),
)
"""The first that fits counts."""
