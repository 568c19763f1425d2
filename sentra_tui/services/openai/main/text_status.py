"""What a refusal means to those who ask for text: ask in another way, name another model, or give up."""

from __future__ import annotations

from sentra_tui.domain.errors import NotSupported, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.main.retry import LOCKED
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import ErrorBody, error_body, refusal

MODEL_HINT = "Set main_model of this provider to a model that it has."
_NO_ROUTE = (404, 405, 501)
_REJECTED = (400, 422)
_NOT_TAKEN = ("unsupported_parameter", "unknown_parameter", "unsupported_value")


def text_refusal(reply: Reply, endpoint: Endpoint, *, collection: bool = False, needs: str = "") -> TransportError:
    """Return the error that a reply of status 300 or more stands for.

    `collection` says that the request went to where things are made: where that is not found, the server does not have
    this API. `needs` names the parameters without which we cannot do, one word each: a server that does not take one
    of them does not have this API either.
    """
    error = error_body(reply)
    if _is_model(reply, error):
        said = f": {error.message.rstrip('.')}." if error.message else "."
        return TransportRefused(
            f"{endpoint.label} does not have the model{said}", hint=MODEL_HINT, reason=Reason.MODEL_REFUSED
        )
    if "unknown url" in reply.text[:2000].lower() or (collection and reply.status in _NO_ROUTE):
        return NotSupported(f"{endpoint.label} does not have this API ({reply.status}).")
    if rejects(reply, *needs.split()):
        return NotSupported(f"{endpoint.label} does not take {_shown(error)} ({reply.status}).")
    if error.code == LOCKED:
        return TransportLost(f"{endpoint.label} is still busy with another question.")
    return refusal(reply, endpoint)


def rejects(reply: Reply, *params: str) -> bool:
    """Return whether the server does not know one of these parameters, or cannot do what it asks for."""
    error = error_body(reply)
    if reply.status not in _REJECTED or error.code == LOCKED:
        return False
    if error.param:
        return error.param.partition(".")[0].partition("[")[0] in params
    return error.code in _NOT_TAKEN and any(f"'{param}'" in error.message for param in params)


def _is_model(reply: Reply, error: ErrorBody) -> bool:
    if error.code == "model_not_found":
        return True
    if reply.status not in (404, *_REJECTED):
        return False
    return error.param == "model" or (reply.status == 404 and "model" in error.message.lower())


def _shown(error: ErrorBody) -> str:
    return f"`{error.param}`" if error.param else "a parameter that is needed"
