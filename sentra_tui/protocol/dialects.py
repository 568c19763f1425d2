"""The two dialects of the realtime protocol, as tables.

Canonical is Realtime GA. The beta dialect is what some compatible servers still speak: other event names, and a flat
session. Every connection is read in both; what we send is written in the one that the server understands.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Dialect(StrEnum):
    """Which words a server understands."""

    GA = "ga"
    BETA = "beta"
    VLLM = "vllm"
    """The transcription server of vLLM, which has words of its own."""


GA_NAMES = {
    "conversation.item.created": "conversation.item.added",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "transcription_session.created": "session.created",
    "transcription_session.updated": "session.updated",
}
"""The beta's server events that have another name in GA."""

_BETA_FORMATS = {"audio/pcm": "pcm16", "audio/pcmu": "g711_ulaw", "audio/pcma": "g711_alaw"}
_BETA_PARTS = {"output_text": "text", "output_audio": "audio"}
_BETA_MODALITIES = {"text": ["text"], "audio": ["audio", "text"]}

_BETA_INPUT = {
    "format": "input_audio_format",
    "transcription": "input_audio_transcription",
    "noise_reduction": "input_audio_noise_reduction",
    "turn_detection": "turn_detection",
}
_BETA_OUTPUT = {"format": "output_audio_format", "voice": "voice", "speed": "speed"}
_BETA_KEYS = {"output_modalities": "modalities", "max_output_tokens": "max_response_output_tokens"}


def canonical(event: dict[str, Any]) -> dict[str, Any]:
    """Return a server event under its GA name, with an error's details where GA has them."""
    name = event.get("type")
    if name == "error":
        return {**event, "error": _error_details(event)}
    return {**event, "type": GA_NAMES[name]} if isinstance(name, str) and name in GA_NAMES else event


def _error_details(event: dict[str, Any]) -> Any:
    """Return the details; some servers write a bare string, or write them beside the type."""
    error = event.get("error")
    if isinstance(error, str):
        return {"message": error}
    return {key: value for key, value in event.items() if key in ("code", "message")} if error is None else error


def beta_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return a GA client event as the beta dialect writes it."""
    match event["type"]:
        case "session.update" if event["session"].get("type") == "transcription":
            return {**event, "type": "transcription_session.update", "session": beta_session(event["session"])}
        case "session.update":
            return {**event, "session": beta_session(event["session"])}
        case "conversation.item.create":
            return {**event, "item": _beta_item(event["item"])}
        case "response.create" if "response" in event:
            return {**event, "response": beta_response(event["response"])}
        case _:
            return event


def beta_session(session: dict[str, Any]) -> dict[str, Any]:
    """Return a GA session config as the beta's flat one: no `type`, sound settings at the top."""
    audio = session.get("audio", {})
    flat = {_BETA_KEYS.get(key, key): value for key, value in session.items() if key not in ("type", "audio")}
    flat |= {_BETA_INPUT[key]: value for key, value in audio.get("input", {}).items()}
    flat |= {_BETA_OUTPUT[key]: value for key, value in audio.get("output", {}).items()}
    return _beta_values(flat)


def beta_response(response: dict[str, Any]) -> dict[str, Any]:
    """Return GA response parameters as the beta has them; the length limit keeps its name there."""
    return _beta_values({"modalities" if key == "output_modalities" else key: value for key, value in response.items()})


def _beta_values(flat: dict[str, Any]) -> dict[str, Any]:
    for key in ("input_audio_format", "output_audio_format"):
        if key in flat:
            flat[key] = _BETA_FORMATS[flat[key]["type"]]
    if "modalities" in flat:
        flat["modalities"] = _BETA_MODALITIES[flat["modalities"][0]]
    return flat


def _beta_item(item: dict[str, Any]) -> dict[str, Any]:
    content = [{**part, "type": _BETA_PARTS.get(part["type"], part["type"])} for part in item.get("content", ())]
    return {**item, "content": content}
