"""The voice of HTTP mode, as a provider's profile has it."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.voice_ports import Speech
from sentra_tui.services.espeak.speech import EspeakSpeech
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.voice.message_socket import OpenSocket, realtime_socket
from sentra_tui.services.openai.voice.realtime_speech import RealtimeSpeech
from sentra_tui.services.openai.voice.silent_speech import NoSpeech
from sentra_tui.services.openai.voice.speech import HttpSpeech


def speech_for(
    profile: ProviderProfile,
    client: ApiClient,
    key: Callable[[], Secret],
    *,
    language: str = "",
    open_socket: OpenSocket | None = None,
) -> Speech:
    """Return what speaks; the client stays the caller's to close.

    `key` gives the API key, and may raise CredentialRefused. `language` is what a voice on this machine speaks.
    `open_socket` opens a socket to the realtime endpoint, where that is to be done in another way.
    """
    match profile.http.speech:
        case "endpoint":
            return HttpSpeech(client, key, profile.http.speech_model, voice=profile.http.speech_voice)
        case "realtime":
            opens = open_socket or realtime_socket(client.endpoint, key, profile.model)
            return RealtimeSpeech(opens, label=client.endpoint.label, rate_hz=profile.pcm_rate_hz)
        case "espeak":
            return EspeakSpeech(language)
        case "none":
            return NoSpeech()
