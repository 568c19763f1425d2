"""What stood in the way to a host: the errors of the system, of TLS and of the libraries, in one line each.

The libraries' own words are left out: some of them quote headers.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean_line

CHECK_NETWORK = "Check the network."


class Obstacle(NamedTuple):
    """A kind of error among the causes of another, and what it means."""

    kind: type[BaseException]
    message: str
    """What happened; `{host}` is the host's name."""
    hint: str
    """What helps."""
    reason: Reason

    def lost(self, host: str) -> TransportLost:
        """Return what to tell the user, and whether another road may do."""
        return TransportLost(self.message.format(host=host), hint=self.hint, reason=self.reason)


NO_SUCH_NAME = Obstacle(
    socket.gaierror, "The name {host} cannot be resolved.", "Check the network and the address.", Reason.UNREACHABLE
)
NO_TLS = Obstacle(
    ssl.SSLError, "No secure connection to {host}.", "Check the address, and the network's proxy.", Reason.UNREACHABLE
)
REFUSED = Obstacle(
    ConnectionRefusedError, "{host} refused the connection.", "Check that it runs, and its port.", Reason.UNREACHABLE
)


def first_obstacle(error: BaseException, known: Sequence[Obstacle]) -> Obstacle | None:
    """Return the first of `known` that is among the causes of `error`."""
    found = tuple(causes(error))
    for each in known:
        if any(isinstance(cause, each.kind) for cause in found):
            return each
    return None


def untrusted(error: BaseException, host: str) -> TransportLost | None:
    """Return what to tell the user where the cause is a certificate that is not trusted, None where it is not."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TransportLost(
                f"The certificate of {host} is not trusted ({clean_line(cause.verify_message, 100)}).",
                hint="Check the clock; a private authority goes into ca_file of the profile, or SSL_CERT_FILE.",
                reason=Reason.TLS_INSPECTED,
            )
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
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
