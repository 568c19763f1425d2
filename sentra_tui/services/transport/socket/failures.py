"""What it means when a socket does not open, or closes: one line, and whether another road may do.

The library's own words are left out: its errors hold the headers of the handshake, and some quote them.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Struct
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)
from websockets.http11 import Response

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean_line
from sentra_tui.services.obstacles import (
    CHECK_NETWORK,
    NO_SUCH_NAME,
    NO_TLS,
    REFUSED,
    Obstacle,
    first_obstacle,
    untrusted,
)
from sentra_tui.services.transport.socket.address import SocketAddress

MAX_RETRY_AFTER_S = 3600.0

_PROXY_HINT = "Check HTTPS_PROXY and NO_PROXY."
_CHECK_ADDRESS = "Check base_url; it may have no WebSocket."
_KEY = re.compile(r"\b(?:sk|ek)[-_][\w*.…-]+|(?<=[Bb]earer )\S+")
_MODEL_REFUSED = ("model_not_found", "invalid_model")
_KEY_REFUSED = (3000, 3003)
"""Close codes of the IANA registry: unauthorized, forbidden."""
_FOR_GOOD = (1002, 1003, 1007, 1008, 1010)
"""Close codes of RFC 6455, section 7.4.1, that another try would meet again."""
_FAILED = (1011, 1012, 1013, 1014)


def dial_failure(error: Exception, address: SocketAddress, *, opened: bool) -> TransportError:
    """Return what to tell the user when no socket opened; `opened` says that there was a connection for it."""
    if isinstance(error, InvalidStatus):
        return _refused(error.response, address)
    if isinstance(error, InvalidProxyStatus):
        return _proxy_refused(error.response.status_code)
    distrust = untrusted(error, address.host)
    if distrust is not None:
        return distrust
    obstacle = first_obstacle(error, _OPENED if opened else _NOT_OPENED)
    if obstacle is None:
        return TransportLost(f"The call to {address.host} failed ({type(error).__name__}).")
    if obstacle.reason is Reason.NOT_OFFERED:
        message = obstacle.message.format(host=address.host)
        return TransportRefused(message, hint=obstacle.hint, reason=obstacle.reason)
    return obstacle.lost(address.host)


def ending(closed: ConnectionClosed, label: str) -> TransportLost:
    """Return what to tell the user when the socket of a call closed."""
    if closed.rcvd is not None:
        return TransportLost(f"{label} closed the call{_because(closed)}.")
    if closed.sent is not None and closed.sent.code == 1009:
        return TransportLost(f"{label} sent a message that is too large.")
    if closed.sent is not None and closed.sent.code in (1002, 1007):
        return TransportLost(f"{label} sent what is no WebSocket message.")
    return TransportLost(f"The connection to {label} broke.", hint="The network may have changed.")


def early_ending(closed: ConnectionClosed, label: str) -> TransportError:
    """Return what to tell the user when the socket closed before there was a session."""
    code = closed.rcvd.code if closed.rcvd is not None else 0
    message = f"{label} refused the call{_because(closed)}."
    if code in _KEY_REFUSED:
        return CredentialRefused(message, hint="Set another key and press r.")
    if closed.rcvd is not None and any(each in closed.rcvd.reason for each in _MODEL_REFUSED):
        return TransportRefused(message, param="model", reason=Reason.MODEL_REFUSED)
    if code in _FOR_GOOD or code >= 4000:
        reason = Reason.NOT_OFFERED if code == 4000 else Reason.OTHER
        return TransportRefused(message, hint="It may want another form of session.", reason=reason)
    if code in _FAILED:
        return TransportLost(message, reason=Reason.SERVER_ERROR)
    return TransportLost(f"{label} closed the call before it stood{_because(closed)}.")


def _because(closed: ConnectionClosed) -> str:
    if closed.rcvd is None:
        return ""
    reason = _KEY.sub("…", clean_line(closed.rcvd.reason, 120)).rstrip(".")
    return f" ({closed.rcvd.code}: {reason})" if reason else f" ({closed.rcvd.code})"


_NO_ADDRESS = "The address of {host} cannot be used for a call."
_NO_WORD = "{host} took the connection and says nothing."
_IN_BETWEEN = "Something in between may forbid WebSockets."
_NOT_OPENED = (
    NO_SUCH_NAME,
    Obstacle(ImportError, "The proxy is a SOCKS proxy, which calls cannot take.", _PROXY_HINT, Reason.OTHER),
    Obstacle(InvalidProxy, "The proxy's address cannot be used.", _PROXY_HINT, Reason.UNREACHABLE),
    Obstacle(ProxyError, "The proxy did not let the call to {host} through.", _PROXY_HINT, Reason.UNREACHABLE),
    Obstacle(InvalidURI, _NO_ADDRESS, "Check base_url.", Reason.NOT_OFFERED),
    Obstacle(ValueError, _NO_ADDRESS, "Check base_url.", Reason.NOT_OFFERED),
    NO_TLS,
    # asyncio's words for a TLS handshake that takes too long.
    Obstacle(ConnectionAbortedError, _NO_WORD, "", Reason.SILENT),
    Obstacle(TimeoutError, "{host} does not answer.", CHECK_NETWORK, Reason.UNREACHABLE),
    REFUSED,
    Obstacle(
        ConnectionResetError, "{host} broke the connection off.", "Check the address, and its port.", Reason.UNREACHABLE
    ),
    Obstacle(OSError, "{host} cannot be reached.", CHECK_NETWORK, Reason.UNREACHABLE),
)
_OPENED = (
    Obstacle(TimeoutError, _NO_WORD, "", Reason.SILENT),
    Obstacle(EOFError, "{host} broke off in place of an answer.", _IN_BETWEEN, Reason.OTHER),
    Obstacle(OSError, "The connection to {host} broke.", _IN_BETWEEN, Reason.OTHER),
    Obstacle(InvalidMessage, "{host} does not speak HTTP.", _CHECK_ADDRESS, Reason.NOT_OFFERED),
    Obstacle(InvalidHandshake, "{host} does not speak WebSocket.", _CHECK_ADDRESS, Reason.NOT_OFFERED),
)
"""The first that fits counts."""


def _proxy_refused(status: int) -> TransportError:
    if status == 407:
        return TransportRefused(
            "The proxy wants a login (407).",
            hint="Write it into HTTPS_PROXY: http://name:password@proxy:port.",
            reason=Reason.PROXY_LOGIN,
        )
    message = f"The proxy did not let the call through ({status})."
    return TransportLost(message, hint=_PROXY_HINT, reason=Reason.UNREACHABLE)


def _refused(response: Response, address: SocketAddress) -> TransportError:
    """Return what a handshake means that was answered with another status than 101."""
    status, label = response.status_code, address.label
    if status in (401, 403):
        what = "refused the key" if status == 401 else "does not allow the key to do this"
        return CredentialRefused(f"{label} {what} ({status}).", hint="Set another key and press r.")
    if status == 407:
        return _proxy_refused(status)
    if status == 511 or (status < 300 and "html" in response.headers.get("Content-Type", "").lower()):
        return TransportLost(
            f"A web page came in place of {label}'s answer ({status}).",
            hint="The network may want you to log in: open a browser.",
            reason=Reason.CAPTIVE_PORTAL,
        )
    if status == 429 or status >= 500:
        what, reason = ("asks for fewer calls", Reason.TOO_MANY) if status == 429 else ("failed", Reason.SERVER_ERROR)
        wait_s = _retry_after_s(response.headers, time.time())
        return TransportLost(f"{label} {what} ({status}).", retry_after_s=wait_s, reason=reason)
    if 300 <= status < 400:
        return TransportRefused(
            f"{label} redirects to another address, which is not followed ({status}).",
            hint="Check base_url.",
            reason=Reason.NOT_OFFERED,
        )
    if _error_code(response.body) in _MODEL_REFUSED:
        message = f"{label} does not have the model, or not for this key ({status})."
        return TransportRefused(message, param="model", reason=Reason.MODEL_REFUSED)
    message = f"{label} does not take calls over WebSocket here ({status})."
    return TransportRefused(message, hint=_CHECK_ADDRESS, reason=Reason.NOT_OFFERED)


def _retry_after_s(headers: Mapping[str, str], wall_clock_s: float) -> float | None:
    """Return the wait that a server asks for, in seconds, or None: `retry-after-ms`, else Retry-After (RFC 9110)."""
    milliseconds, after = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        wait_s = float(milliseconds) / 1000 if milliseconds else float(after or "nan")
    except ValueError:
        wait_s = _until(after or "", wall_clock_s)
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S) if math.isfinite(wait_s) else None


def _until(date: str, wall_clock_s: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - wall_clock_s
    except (ValueError, OverflowError):
        return math.nan


class _Error(Struct, frozen=True):
    code: str | None = None


class _ErrorBody(Struct, frozen=True):
    error: _Error | None = None


def _error_code(body: bytes | bytearray | None) -> str:
    try:
        error = msgspec.json.decode(body or b"", type=_ErrorBody).error
    except (msgspec.DecodeError, RecursionError):
        return ""
    return (error.code if error is not None else None) or ""
