from __future__ import annotations

import socket
import ssl

import pytest

from sentra_tui.domain.roads import Reason
from sentra_tui.services.obstacles import NO_SUCH_NAME, NO_TLS, REFUSED, causes, first_obstacle, untrusted

KNOWN = (NO_SUCH_NAME, NO_TLS, REFUSED)


def _led_to(cause: Exception) -> Exception:
    """Return an error of a library that wraps and groups what led to it."""
    error = OSError("all attempts failed")
    error.__cause__ = ExceptionGroup("several", [OSError("a"), cause])
    return error


def test_an_untrusted_certificate_says_why() -> None:
    cause = ssl.SSLCertVerificationError("certificate verify failed")
    cause.verify_message = "self-signed certificate"
    said = untrusted(_led_to(cause), "api.example")
    assert said is not None
    assert said.message == "The certificate of api.example is not trusted (self-signed certificate)."
    assert said.reason is Reason.TLS_INSPECTED
    assert untrusted(OSError("x"), "api.example") is None


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (socket.gaierror(-2, "unknown"), "The name api.example cannot be resolved."),
        (ssl.SSLError("wrong version"), "No secure connection to api.example."),
        (ConnectionRefusedError(111, "refused"), "api.example refused the connection."),
    ],
    ids=["name", "tls", "refused"],
)
def test_a_cause_is_found_however_deep_it_is(cause: Exception, message: str) -> None:
    obstacle = first_obstacle(_led_to(cause), KNOWN)
    assert obstacle is not None
    said = obstacle.lost("api.example")
    assert (said.message, said.reason) == (message, Reason.UNREACHABLE)


def test_the_first_that_is_known_counts_and_what_is_not_known_is_none() -> None:
    several = ExceptionGroup("several", [ConnectionRefusedError(111, "refused"), socket.gaierror(-2, "unknown")])
    assert first_obstacle(several, KNOWN) is NO_SUCH_NAME
    assert first_obstacle(OSError("x"), KNOWN) is None


def test_errors_that_lead_to_each_other_are_told_once() -> None:
    first, second = OSError("a"), OSError("b")
    first.__context__, second.__context__ = second, first
    assert list(causes(first)) == [first, second]
