"""What writes recordings down in a realtime session, as a provider's profile has it."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.voice.message_socket import OpenSocket, socket_to
from sentra_tui.services.openai.voice.realtime_transcription import RealtimeTranscription

_BETA = {"OpenAI-Beta": "realtime=v1"}


def has_sessions(profile: ProviderProfile) -> bool:
    """Return whether the server has sessions in which recordings can be written down."""
    return "websocket" in profile.transports and profile.dialect != "vllm"


def realtime_transcription(
    profile: ProviderProfile, label: str, model: str, open_socket: OpenSocket
) -> RealtimeTranscription:
    """Return what writes down by `model` in a session over a socket; `label` is what messages call the server."""
    return RealtimeTranscription(
        open_socket,
        model,
        label=label,
        kind="transcription" if profile.supports.transcription_session else "realtime",
        dialect=profile.dialect,
        rate_hz=profile.pcm_rate_hz,
    )


def transcription_socket(
    profile: ProviderProfile, endpoint: Endpoint, key: Callable[[], Secret], model: str
) -> OpenSocket:
    """Return what opens sockets for that; `key` gives the key of each, and may raise CredentialRefused."""
    headers = _BETA if profile.dialect == "beta" else {}
    if not profile.supports.transcription_session:
        return socket_to(endpoint, key, {"model": profile.model}, headers)
    query = {"intent": "transcription"}
    if profile.dialect == "beta":  # servers of the beta load the model that the address names
        query["model"] = model
    return socket_to(endpoint, key, query, headers)
