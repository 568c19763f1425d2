"""Which session a request with the API key opens: the one that its model, or its query, asks for."""

from __future__ import annotations

from collections.abc import Mapping

from sentra_tui.protocol.dialects import Dialect
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.realtime.settings import SessionSettings


def of_model(model: str, *, undecided: bool = False) -> SessionSettings:
    """Return a conversation with this model; raises ApiError where it has no name."""
    if not model:
        raise ApiError(400, "You must provide a model parameter.", code="missing_model")
    return SessionSettings({"type": "realtime", "model": model}, undecided=undecided)


def of_query(query: Mapping[str, str], dialect: Dialect) -> SessionSettings:
    """Return the session that the query of an address asks for; raises ApiError.

    A transcription names no model there at OpenAI; servers of the beta take the one that transcribes.
    """
    model = query.get("model", "")
    if query.get("intent") != "transcription":
        return of_model(model)
    if not model:
        return SessionSettings({"type": "transcription"})
    if dialect is not Dialect.BETA:
        message = "You must not provide a model parameter for transcription sessions."
        raise ApiError(400, message, code="invalid_model")
    return SessionSettings({"type": "transcription", "audio": {"input": {"transcription": {"model": model}}}})
