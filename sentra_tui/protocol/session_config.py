"""The session that each stream asks for, in Realtime GA form."""

from __future__ import annotations

from typing import Any

from sentra_tui.domain.config import AuxConfig, ProviderProfile, StreamConfig

VAD_THRESHOLD = 0.5
VAD_PREFIX_MS = 300
SPEAKER_SILENCE_MS = 500

_WITHOUT_TURN_DETECTION = ("gpt-live-transcribe", "gpt-realtime-whisper")


def takes_turn_detection(model: str) -> bool:
    """Return whether this transcription model lets the server find the turns; the others want the client to commit."""
    return not model.startswith(_WITHOUT_TURN_DETECTION)


def mic_session(profile: ProviderProfile, stream: StreamConfig, aux: AuxConfig, *, voice: bool) -> dict[str, Any]:
    """Return the session of the microphone: the assistant hears it and answers, in writing unless `voice`.

    Turn detection is spelt out: the documented defaults and those of real servers differ.
    """
    turn_detection = _server_vad(aux.silence_ms) | {"create_response": True, "interrupt_response": True}
    return {
        "type": "realtime",
        "model": profile.model,
        "instructions": aux.instructions,
        "output_modalities": output_modalities(voice=voice),
        "max_output_tokens": aux.max_output_tokens,
        "audio": {
            "input": {
                "transcription": _transcription(profile.mic_transcription_model, stream),
                "turn_detection": turn_detection,
            },
            "output": {"voice": aux.voice},
        },
    }


def speaker_session(profile: ProviderProfile, stream: StreamConfig) -> dict[str, Any]:
    """Return the session of the speaker: transcribed, never answered."""
    model = profile.speaker_transcription_model
    turn_detection = _server_vad(SPEAKER_SILENCE_MS) if takes_turn_detection(model) else None
    sound = {"transcription": _transcription(model, stream), "turn_detection": turn_detection}
    return {"type": "transcription", "audio": {"input": sound}}


def output_modalities(*, voice: bool) -> list[str]:
    """Return how answers come; the server takes exactly one."""
    return ["audio"] if voice else ["text"]


def _transcription(model: str, stream: StreamConfig) -> dict[str, Any]:
    return {"model": model, "language": stream.language} if stream.language else {"model": model}


def _server_vad(silence_ms: int) -> dict[str, Any]:
    return {
        "type": "server_vad",
        "threshold": VAD_THRESHOLD,
        "prefix_padding_ms": VAD_PREFIX_MS,
        "silence_duration_ms": silence_ms,
    }
