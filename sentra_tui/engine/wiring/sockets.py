"""Where a provider's realtime socket is, and which headers open it.

https://platform.openai.com/docs/guides/realtime-websocket
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import auth_headers
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.transport.socket.address import SocketAddress

_BETA = {"OpenAI-Beta": "realtime=v1"}


def socket_address(endpoint: Endpoint, profile: ProviderProfile, session: dict[str, Any]) -> SocketAddress:
    """Return the address of this session, in GA form: the model, or the intent to transcribe, is in its query."""
    query = urlencode(_query(profile, session))
    url = f"{endpoint.base_url.replace('http', 'ws', 1)}/realtime"
    return SocketAddress(f"{url}?{query}" if query else url, endpoint.label)


def authorization(endpoint: Endpoint, profile: ProviderProfile) -> Callable[[Secret], dict[str, str]]:
    """Return what makes the headers for a secret, at the moment when they are sent."""
    more = {**endpoint.headers, **(_BETA if profile.dialect == "beta" else {})}
    return lambda secret: {**more, **auth_headers(secret, endpoint.auth)}


def _query(profile: ProviderProfile, session: dict[str, Any]) -> dict[str, str]:
    if profile.dialect == "vllm":
        return {}
    if session["type"] == "realtime":
        return {"model": session["model"]}
    intent = {"intent": "transcription"}
    if profile.dialect == "beta":  # servers of the beta load the model that the address names
        intent["model"] = session["audio"]["input"]["transcription"]["model"]
    return intent
