"""What an error of the server means to a call, by its code.

Source: the codes that the Realtime API and compatible servers were seen to send; there is no official list.
"""

from __future__ import annotations

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.state import Severity
from sentra_tui.domain.text import clean_line
from sentra_tui.protocol.effects import CallBroken, Effect, RefuseVoice
from sentra_tui.protocol.objects import ErrorDetails
from sentra_tui.protocol.response_queue import ALREADY_ACTIVE, CANCEL_NOT_ACTIVE

BENIGN = frozenset(
    {
        ALREADY_ACTIVE,
        CANCEL_NOT_ACTIVE,
        "input_audio_buffer_commit_empty",
        "invalid_item_id",
        "item_delete_invalid_item_id",
        "item_not_found",
        "item_retrieve_invalid_item_id",
        "item_truncate_invalid_item_id",
    }
)
"""Nothing is wrong: two messages crossed on the way."""

REFUSALS = {
    "beta_api_shape_disabled": "This provider no longer speaks the beta dialect: set another provider.",
    "insufficient_quota": "Check the plan and the billing of your account, then retry.",
    "invalid_api_key": "Set another key, then retry.",
    "invalid_session_type": "This provider has no sessions of this kind: set another provider.",
    "model_not_found": "Set a model that this provider has, then retry.",
}
"""The call cannot go on, and dialling again changes nothing; what helps instead."""

SESSION_EXPIRED = frozenset({"session_expired", "max_duration"})
DEAF = "processing_error"
"""vLLM writes nothing more down on this connection."""
VOICE_FIXED = "cannot_update_voice"
"""A session keeps the voice in which it has spoken."""
RATE_LIMITS = frozenset({"rate_limit_exceeded", "inference_rate_limit_exceeded"})


def judge(error: ErrorDetails) -> list[Change | Effect]:
    """Return what to tell and what to do about `error`: nothing where it is benign."""
    code = error.name
    if code in BENIGN:
        return []
    message = clean_line(error.message) or clean_line(code) or "no reason given"
    if code in SESSION_EXPIRED:
        return [CallBroken("The provider ended the session: it reached its longest duration.", "", refused=False)]
    if code == DEAF:
        return [CallBroken(f"The provider stopped listening: {message}", "", refused=False)]
    if code == VOICE_FIXED:
        return [CallBroken("The voice changes with a new session.", "", refused=False)]
    if "voice" in error.param:
        return [RefuseVoice(message)]
    if code in REFUSALS:
        return [CallBroken(f"The provider refused: {message}", REFUSALS[code], refused=True)]
    hint = "Wait a little before you ask again." if code in RATE_LIMITS else ""
    return [Noticed(Severity.WARNING, f"The provider reports: {message}", hint)]
