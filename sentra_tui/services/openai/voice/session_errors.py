"""What an error means that a realtime session sends.

Source: https://platform.openai.com/docs/api-reference/realtime-server-events/error.
"""

from __future__ import annotations

from msgspec import Struct

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.status import redact

_BUSY = ("rate_limit_exceeded", "inference_rate_limit_exceeded")
_KEY = ("invalid_api_key", "authentication_error", "invalid_authentication")


class SessionError(Struct, frozen=True):
    """The `error` of an event."""

    type: str | None = None
    code: str | None = None
    message: str | None = None
    param: str | None = None


def failure_of(error: SessionError, what: str) -> TransportError:
    """Return what it means; `what` says what came to nothing, without a full stop."""
    code = error.code or error.type or ""
    said = clean_line(redact(error.message or code)).rstrip(".") or "no reason is given"
    message = f"{what}: {said}."
    if code in _KEY:
        return CredentialRefused(message)
    if code in _BUSY:
        return TransportLost(message, reason=Reason.TOO_MANY)
    if code == "model_not_found":
        return TransportRefused(message, param="model", reason=Reason.MODEL_REFUSED)
    if "server_error" in (error.type, error.code):
        return TransportLost(message, reason=Reason.SERVER_ERROR)
    return TransportRefused(message, param=clean_line(error.param or ""))
