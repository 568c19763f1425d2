"""Which session a call has once it stands: what went along with the offer, or what a broker chose."""

from __future__ import annotations

from typing import Any

from sentra_tui.domain.ports import Credential
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.protocol.dialects import beta_session
from sentra_tui.protocol.session_config import transcription_model

_ONLY_THE_MODEL = ("json_sdp", "beta_query")
"""Forms of an offer in which no session fits."""


def spoken_session(profile: ProviderProfile, session: dict[str, Any]) -> dict[str, Any]:
    """Return a session, in GA form, in the words in which secrets are minted and offers made."""
    flat = profile.dialect == "beta" or profile.offer == "session"
    return beta_session(session) if flat else session


def agreement(
    profile: ProviderProfile, session: dict[str, Any], credential: Credential
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the session that a WebRTC call has, as far as it is known, and the parts that are not ours to choose.

    What did not go along with the offer is asked for as soon as the call stands.
    """
    if credential.agreed is not None:
        return _without_language(credential.agreed), impositions(credential)
    went_along = credential.session is None or profile.offer in ("auto", "multipart")
    if went_along and profile.offer not in _ONLY_THE_MODEL:
        return session, {}
    return {name: session[name] for name in ("type", "model") if name in session}, {}


def _without_language(agreed: dict[str, Any]) -> dict[str, Any]:
    """Return a session without the language that a broker chose: no update takes one back, and no new session would."""
    heard = agreed.get("audio", {}).get("input", {})
    if "language" not in (heard.get("transcription") or {}):
        return agreed
    transcription = {name: value for name, value in heard["transcription"].items() if name != "language"}
    return {**agreed, "audio": {**agreed["audio"], "input": {**heard, "transcription": transcription}}}


def impositions(credential: Credential) -> dict[str, Any]:
    """Return what a broker chose of a session that its member keeps to: who answers, and what that was told."""
    agreed = credential.agreed or {}
    imposed = {name: agreed[name] for name in ("model", "instructions") if agreed.get(name)}
    written_by = transcription_model(agreed)
    if written_by:
        imposed["audio"] = {"input": {"transcription": {"model": written_by}}}
    return imposed
