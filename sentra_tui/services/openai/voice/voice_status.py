"""What a refusal means to those who ask for speech, or for its transcript."""

from __future__ import annotations

import re

from sentra_tui.domain.errors import NotSupported, TransportError, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import error_body, refusal

_NO_ROUTE = (404, 405, 501)
_REJECTED = (400, 404, 422)


def voice_refusal(reply: Reply, endpoint: Endpoint, model_setting: str) -> TransportError:
    """Return the error that a reply of status 300 or more stands for; `model_setting` is where the model is chosen."""
    error = error_body(reply)
    if error.is_model(reply.status):
        return TransportRefused(
            f"{endpoint.label} does not have the model{_because(error.message)}",
            hint=f"Set {model_setting} in the profile's [http] to a model that it has.",
            param="model",
            reason=Reason.MODEL_REFUSED,
        )
    if reply.status in _NO_ROUTE:
        return NotSupported(f"{endpoint.label} does not have this API ({reply.status}).", reason=Reason.NOT_OFFERED)
    return refusal(reply, endpoint)


def names(reply: Reply, param: str, *signs: str) -> bool:
    """Return whether `param` is what the server did not take; where it names none, by the words in its message.

    `signs` are more words that give it away.
    """
    if reply.status not in _REJECTED:
        return False
    error = error_body(reply)
    if error.code == "model_not_found":
        return False
    if error.param:
        return error.param.partition(".")[0].partition("[")[0] == param
    return says(error.message or reply.text[:500], param, *signs)


def says(message: str, *words: str) -> bool:
    """Return whether one of `words` stands in a message, and not as a part of a longer name."""
    return any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", message, re.IGNORECASE) for word in words)


def _because(message: str) -> str:
    return f": {message.rstrip('.')}." if message else "."
