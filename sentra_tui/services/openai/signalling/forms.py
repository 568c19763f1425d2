"""The forms in which an offer is posted: one function each.

Sources: https://platform.openai.com/docs/guides/realtime-webrtc (raw with a client secret, multipart with a key; the
beta's query); LocalAI's `POST /v1/realtime/calls` (JSON); https://github.com/speaches-ai/speaches (the beta's query,
answered as plain text).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from sentra_tui.domain.ports import Credential
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.tokens import session_type

CALLS = "/realtime/calls"
_SDP = "application/sdp"

PostOffer = Callable[[ApiClient, str, Credential, str], Awaitable[Reply]]
"""Posts an offer over a client, with a credential; the last is the model where the credential names none."""


async def post_sdp(client: ApiClient, sdp: str, credential: Credential, model: str) -> Reply:
    """Post the description alone: a client secret carries the session, or one is agreed on later."""
    return await client.post(CALLS, credential.secret, content=sdp, headers={"Content-Type": _SDP})


async def post_multipart(client: ApiClient, sdp: str, credential: Credential, model: str) -> Reply:
    """Post the description and the session as a form."""
    session = json.dumps(credential.session or {"type": "realtime", "model": model})
    parts = {"sdp": (None, sdp, _SDP), "session": (None, session, "application/json")}
    return await client.post(CALLS, credential.secret, files=parts)


async def post_by_credential(client: ApiClient, sdp: str, credential: Credential, model: str) -> Reply:
    """Post the description alone with a client secret, as a form with an API key and the session."""
    post = post_sdp if credential.session is None else post_multipart
    return await post(client, sdp, credential, model)


async def post_json(client: ApiClient, sdp: str, credential: Credential, model: str) -> Reply:
    """Post the description and the model as JSON."""
    session = credential.session or {}
    return await client.post(CALLS, credential.secret, json={"sdp": sdp, "model": session.get("model") or model})


async def post_beta(client: ApiClient, sdp: str, credential: Credential, model: str) -> Reply:
    """Post the description with the model in the query: the one that transcribes where nothing else is wanted."""
    session = credential.session
    query = {"model": model}
    if session and session_type(session) == "transcription":
        query = {"model": _transcription_model(session) or model, "intent": "transcription"}
    elif session:
        query = {"model": session.get("model") or model}
    return await client.post("/realtime", credential.secret, params=query, content=sdp, headers={"Content-Type": _SDP})


def _transcription_model(session: dict[str, Any]) -> str:
    """Return the model in a session of GA, or in a flat one of the beta."""
    heard = session.get("audio", {}).get("input", {}).get("transcription") or session.get("input_audio_transcription")
    return heard.get("model", "") if heard else ""
