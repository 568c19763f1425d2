"""What writes recordings down, as a provider's profile has it."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.voice.message_socket import OpenSocket, socket_to
from sentra_tui.services.openai.voice.realtime_transcription import RealtimeTranscription

_BETA = {"OpenAI-Beta": "realtime=v1"}


def realtime_transcription(
    profile: ProviderProfile, client: ApiClient, key: Callable[[], Secret], model: str
) -> RealtimeTranscription | None:
    """Return what writes down by `model` in a realtime session; None where the server has no session that could.

    The client stays the caller's to close; `key` gives the API key, and may raise CredentialRefused.
    """
    if "websocket" not in profile.transports or profile.dialect == "vllm":
        return None
    return RealtimeTranscription(
        _opening(profile, client, key, model),
        model,
        label=client.endpoint.label,
        kind="transcription" if profile.supports.transcription_session else "realtime",
        dialect=profile.dialect,
        rate_hz=profile.pcm_rate_hz,
    )


def _opening(profile: ProviderProfile, client: ApiClient, key: Callable[[], Secret], model: str) -> OpenSocket:
    headers = _BETA if profile.dialect == "beta" else {}
    if not profile.supports.transcription_session:
        return socket_to(client.endpoint, key, {"model": profile.model}, headers)
    query = {"intent": "transcription"}
    if profile.dialect == "beta":  # servers of the beta load the model that the address names
        query["model"] = model
    return socket_to(client.endpoint, key, query, headers)
