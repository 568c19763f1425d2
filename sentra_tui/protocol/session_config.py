"""The session that each stream asks for, in Realtime GA form."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from sentra_tui.domain.config import AuxConfig
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.stream_settings import StreamSettings

BargeInBy: TypeAlias = Literal["voice", "server", "key"]
"""Who stops an answer when the user speaks, as in `SoundConfig.barge_in`."""

VAD_THRESHOLD = 0.5
VAD_PREFIX_MS = 300
SPEAKER_SILENCE_MS = 500

_WHOLE = ("turn_detection", "transcription")
_WITHOUT_TURN_DETECTION = ("gpt-live-transcribe", "gpt-realtime-whisper")
_CLIENT_COMMITS = ("vllm", "xai")
"""The dialects of servers that find no turns, or answer every turn that they find."""


def takes_turn_detection(profile: ProviderProfile, model: str) -> bool:
    """Return whether the server finds the turns with this transcription model; else the client commits them."""
    return profile.dialect not in _CLIENT_COMMITS and not model.startswith(_WITHOUT_TURN_DETECTION)


def mic_session(
    profile: ProviderProfile, aux: AuxConfig, settings: StreamSettings, barge_in: BargeInBy = "server"
) -> dict[str, Any]:
    """Return the session of the microphone: the assistant hears it and answers.

    `barge_in` says who stops a spoken answer when the user speaks. Turn detection is spelt out: the documented
    defaults and those of real servers differ.
    """
    return {
        "type": "realtime",
        "model": profile.economy_model if settings.economy else profile.model,
        "instructions": aux.instructions,
        "output_modalities": output_modalities(voice=settings.voice),
        "max_output_tokens": aux.max_output_tokens,
        "audio": {
            "input": {
                "transcription": _transcription(profile.mic_transcription_model, settings.language),
                "turn_detection": _answered_turns(
                    aux, voice=settings.voice, interrupt=settings.voice and barge_in == "server"
                ),
            },
            "output": {"voice": settings.answer_voice or aux.voice, "speed": settings.speed},
        },
    }


def speaker_session(profile: ProviderProfile, settings: StreamSettings) -> dict[str, Any]:
    """Return the session of the speaker: transcribed, never answered.

    A server without sessions of that kind has a conversation in which nobody is asked to answer.
    """
    model = profile.speaker_transcription_model
    turn_detection = _server_vad(SPEAKER_SILENCE_MS) if takes_turn_detection(profile, model) else None
    sound = {"transcription": _transcription(model, settings.language), "turn_detection": turn_detection}
    if profile.supports.transcription_session:
        return {"type": "transcription", "audio": {"input": sound}}
    if turn_detection is not None:
        sound["turn_detection"] = turn_detection | {"create_response": False, "interrupt_response": False}
    silent = {"model": profile.model, "output_modalities": output_modalities(voice=False)}
    return {"type": "realtime", **silent, "audio": {"input": sound}}


def session_change(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any] | None:
    """Return what to send so that a session as `before` becomes one as `after`: only what differs.

    None where no update can do that: the model is fixed, and nothing takes a language back.
    """
    if before.get("model") != after.get("model") or (_language(before) and not _language(after)):
        return None
    changed = _difference(before, after)
    return {"type": after["type"], **changed} if changed else {}


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of `after` that differ; turn detection and transcription go whole."""
    changed: dict[str, Any] = {}
    for name, value in after.items():
        was = before.get(name)
        if was == value:
            continue
        nested = isinstance(value, dict) and isinstance(was, dict) and name not in _WHOLE
        changed[name] = _difference(was, value) if nested else value  # type: ignore[arg-type]
    return changed


def laid_over(session: dict[str, Any], imposed: dict[str, Any]) -> dict[str, Any]:
    """Return `session` with what was `imposed` on it, tables within tables too."""
    merged = dict(session)
    for name, value in imposed.items():
        below = merged.get(name)
        merged[name] = laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def transcription_model(session: dict[str, Any]) -> str:
    """Return the model that writes down what is heard in this session; empty where that is not known."""
    return str(_heard(session, "transcription").get("model", ""))


def _heard(session: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a session, of which not all need be known, says of its input; empty where it says nothing."""
    found: dict[str, Any] | None = session.get("audio", {}).get("input", {}).get(name)
    return found or {}


def _language(session: dict[str, Any]) -> str:
    return str(_heard(session, "transcription").get("language", ""))


def output_modalities(*, voice: bool) -> list[str]:
    """Return how answers come; the server takes exactly one."""
    return ["audio"] if voice else ["text"]


def begins_answers(session: dict[str, Any]) -> bool:
    """Return whether the server begins an answer to each turn of this session by itself."""
    return bool(_heard(session, "turn_detection").get("create_response"))


def finds_turns(session: dict[str, Any]) -> bool:
    """Return whether the server of this session finds the turns; else the client commits them."""
    return session["audio"]["input"]["turn_detection"] is not None


def _answered_turns(aux: AuxConfig, *, voice: bool, interrupt: bool) -> dict[str, Any]:
    """Speech may silence an answer that is spoken; one that is written goes on, since it is wanted just then."""
    silence_ms = aux.spoken_silence_ms if voice else aux.silence_ms
    return _server_vad(silence_ms) | {"create_response": aux.replies == "turns", "interrupt_response": interrupt}


def _transcription(model: str, language: str) -> dict[str, Any]:
    return {"model": model, "language": language} if language else {"model": model}


def _server_vad(silence_ms: int) -> dict[str, Any]:
    return {
        "type": "server_vad",
        "threshold": VAD_THRESHOLD,
        "prefix_padding_ms": VAD_PREFIX_MS,
        "silence_duration_ms": silence_ms,
    }
