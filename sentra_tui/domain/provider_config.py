"""What is known of a provider: where it is, which roads lead there, and which words it understands.

The shipped profiles are data, `providers.toml`; a user's own `[providers.NAME]` takes the place of the shipped one of
that name, and `like` fills in what it does not say.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from msgspec import Meta, field

from sentra_tui.domain.config_section import Section
from sentra_tui.domain.shipped import read_shipped

MainKind = Literal["auto", "responses_background", "responses", "assistants", "chat"]
OfferForm = Literal["auto", "sdp", "multipart", "json_sdp", "beta_query", "session"]
"""How an SDP offer is posted: raw with a client secret; multipart with the key and the session; as JSON with the model;
raw with the model in the query, as the beta had it; in a session that was made before; or whichever of the first two
works.
"""
DialectName = Literal["ga", "beta", "vllm", "xai"]
RoadName = Literal["webrtc", "websocket", "http"]
Transport = Literal["auto", "webrtc", "websocket", "http"]
HangUp = Literal["post", "delete", "none"]
"""How a call is ended at the server: POST …/hangup, DELETE of the call, or by leaving."""
SpeechKind = Literal["endpoint", "realtime", "espeak", "none"]
"""What speaks in HTTP mode: `/audio/speech`, a realtime session, espeak-ng on this machine, or nothing."""


class IceServer(Section, frozen=True, kw_only=True):
    """A STUN or TURN server, `[[providers.NAME.ice_servers]]`."""

    urls: list[str]
    username: str = ""
    credential_env: str = ""
    """The environment variable that holds the credential."""

    @property
    def relays(self) -> bool:
        """Whether it is a TURN server."""
        return any(url.startswith(("turn:", "turns:")) for url in self.urls)


class Supports(Section, frozen=True, kw_only=True):
    """What a server's realtime sessions can do, `[providers.NAME.supports]`."""

    conversation: bool = True
    """An assistant answers in its sessions; without, the microphone goes by HTTP."""
    transcription_session: bool = True
    """It has sessions that only transcribe; else one that never answers is used."""
    client_secrets: bool = True
    cancel: bool = True
    """`response.cancel`."""
    truncate: bool = True
    """`conversation.item.truncate`."""
    output_clear: bool = True
    """`output_audio_buffer.clear`, over WebRTC."""


class HttpModeConfig(Section, frozen=True, kw_only=True):
    """The requests that take a call's place in HTTP mode, `[providers.NAME.http]`."""

    transcription_model: str = "gpt-transcribe"
    chat_model: str = "gpt-6-luna"
    speech: SpeechKind = "endpoint"
    speech_model: str = "tts-1"
    speech_voice: str = ""
    """The voice of `/audio/speech`; empty takes that of the realtime session."""
    upload_bytes: Annotated[int, Meta(ge=64_000)] = 25_000_000
    """The largest recording that the server takes."""


class ProviderProfile(Section, frozen=True, kw_only=True):
    """A provider, `[providers.NAME]`."""

    label: str = ""
    like: str = ""
    """The shipped profile whose values stand where this one says nothing."""
    base_url: str = ""
    """Up to and including `/v1`. Plain http only to loopback."""
    key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the API key; one variable serves one origin."""
    auth: Literal["bearer", "api-key"] = "bearer"
    """How the key is shown: `Authorization: Bearer`, or the header `api-key`."""
    headers: dict[str, str] = field(default_factory=dict)
    """More headers for every request; no keys."""
    ca_file: str = ""
    """A file of certificates of a private authority, beside the system's."""
    broker_url: str = ""
    """A service that mints client secrets for you; no API key is needed then."""
    broker_key_env: str = ""
    """The environment variable that holds your member token of that service."""
    transport: Transport = "auto"
    """The road to take; `auto` takes the best that works."""
    transports: Annotated[list[RoadName], Meta(min_length=1)] = field(
        default_factory=lambda: ["webrtc", "websocket", "http"]
    )
    """The roads that the server has, best first."""
    dialect: DialectName = "ga"
    """The words that the server understands in a session."""
    pcm_rate_hz: Annotated[int, Meta(ge=8000, le=48_000)] = 24_000
    """The rate of sound over a WebSocket."""
    wrapped_messages: bool = False
    """The data channel carries messages in wrapped, numbered pieces."""
    hang_up: HangUp = "post"
    session_max_minutes: Annotated[int, Meta(ge=1)] = 60
    supports: Supports = Supports()
    http: HttpModeConfig = HttpModeConfig()
    model: str = "gpt-realtime-2.1"
    mic_transcription_model: str = "gpt-transcribe"
    speaker_transcription_model: str = "gpt-transcribe"
    economy_model: str = "gpt-realtime-2.1-mini"
    """The realtime model while money is saved."""
    main: MainKind = "auto"
    """How the main assistant is asked; `auto` tries one after the other."""
    main_model: str = "gpt-6.1-sol"
    small_main_model: str = "gpt-6-luna"
    """The main model of simple questions, and while money is saved."""
    voices: list[str] = field(default_factory=lambda: ["marin", "cedar", "alloy", "ash", "coral", "echo", "sage"])
    """Voices that are known to work; the first takes the place of one that does not."""
    offer: OfferForm = "auto"
    """How an SDP offer is posted."""
    ice_servers: list[IceServer] = field(default_factory=list)
    note: str = ""
    """What the user should know, one line on the screen."""


class _Shipped(Section, frozen=True):
    providers: dict[str, ProviderProfile]


@cache
def shipped_providers() -> dict[str, ProviderProfile]:
    """Return the profiles that ship with the package, by name; not to be changed."""
    return read_shipped("providers.toml", _Shipped).providers


def names_a_server(provider: str) -> bool:
    """Return whether this is a server's URL in place of a profile's name."""
    return "://" in provider
