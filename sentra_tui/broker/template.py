"""The sessions that a broker gives secrets for. It owns them: who asks chooses among its models and voices, no more."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sentra_tui.broker.refusal import Refusal
from sentra_tui.domain.config import AuxConfig, Config
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.protocol.session_config import mic_session, speaker_session

SessionType = Literal["realtime", "transcription"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a request may say."""

    type: SessionType = "realtime"
    model: str | None = None
    voice: str | None = None


class Offer(msgspec.Struct, frozen=True):
    """A session that a secret may open."""

    type: str
    model: str
    session: msgspec.Raw
    """As the provider is asked for it."""
    described: dict[str, Any]
    """What a client is told of it: the parts by name, and the whole as it was asked for."""


class SessionTemplate:
    """Makes sessions in Realtime GA form, as the configuration of this host has them."""

    def __init__(self, config: Config, profile: ProviderProfile) -> None:
        broker = config.broker
        self._profile = profile
        self._aux = AuxConfig(
            instructions=broker.instructions or config.aux.instructions,
            spoken_silence_ms=broker.silence_ms,
            max_output_tokens=broker.max_output_tokens,
        )
        self._models = {
            "realtime": broker.models or [profile.model, profile.economy_model],
            "transcription": broker.transcription_models or [profile.speaker_transcription_model],
        }
        self._offers: dict[Wanted, Offer] = {}
        self._voices = broker.voices or profile.voices or [config.aux.voice]

    def offer(self, wanted: Wanted) -> Offer:
        """Return the session for a request; raises Refusal (403) for a model or a voice that is not on the list."""
        made = self._offers.get(wanted)
        if made is None:
            made = self._offers[wanted] = _offer(self._make(wanted))
        return made

    def _make(self, wanted: Wanted) -> dict[str, Any]:
        model = _chosen("model", wanted.model, self._models[wanted.type])
        if wanted.type == "transcription":
            if wanted.voice is not None:
                raise Refusal(400, "bad_request", "A session that only transcribes has no voice.")
            return speaker_session(self._with(speaker_transcription_model=model), StreamSettings())
        voice = _chosen("voice", wanted.voice, self._voices)
        settings = StreamSettings(voice=True, answer_voice=voice)
        return mic_session(self._with(model=model), self._aux, settings)

    def _with(self, **values: str) -> ProviderProfile:
        return msgspec.structs.replace(self._profile, **values)


def read_wanted(body: bytes) -> Wanted:
    """Return what a body asks for; raises Refusal (400) for what is not JSON, and for any field but the three."""
    try:
        return msgspec.json.decode(body, type=Wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refusal(
            400, "bad_request", "The body is a JSON object of type (realtime, transcription), model and voice, no more."
        ) from None


def _offer(session: dict[str, Any]) -> Offer:
    heard = session["audio"]["input"]
    model = session.get("model", heard["transcription"]["model"])
    raw = msgspec.Raw(msgspec.json.encode(session))
    described = {
        "type": session["type"],
        "model": model,
        "voice": session["audio"].get("output", {}).get("voice"),
        "instructions": session.get("instructions"),
        "turn_detection": heard["turn_detection"],
        "session": raw,
    }
    return Offer(session["type"], model, raw, described)


def _chosen(what: str, wanted: str | None, allowed: list[str]) -> str:
    if wanted is None:
        return allowed[0]
    if wanted not in allowed:
        raise Refusal(403, f"{what}_not_allowed", f"This {what} is not allowed; these are: {', '.join(allowed)}.")
    return wanted
