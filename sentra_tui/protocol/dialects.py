"""The dialects of the realtime protocol, and the beta one as tables.

Canonical is Realtime GA. The beta dialect is what some compatible servers still speak: other event names, and a flat
session. Every connection is read in all of them; what we send is written in the one that the server understands.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sentra_tui.protocol.vllm_words import from_vllm
from sentra_tui.protocol.xai_words import from_xai


class Dialect(StrEnum):
    """Which words a server understands."""

    GA = "ga"
    BETA = "beta"
    VLLM = "vllm"
    """The transcription server of vLLM, which has words of its own."""
    XAI = "xai"
    """GA with differences."""


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

BETA_FORMATS = {"audio/pcm": "pcm16", "audio/pcmu": "g711_ulaw", "audio/pcma": "g711_alaw"}
BETA_PARTS = {"output_text": "text", "output_audio": "audio"}
BETA_MODALITIES = {"text": ["text"], "audio": ["audio", "text"]}

BETA_INPUT = {
    "format": "input_audio_format",
    "transcription": "input_audio_transcription",
    "noise_reduction": "input_audio_noise_reduction",
    "turn_detection": "turn_detection",
}
BETA_OUTPUT = {"format": "output_audio_format", "voice": "voice", "speed": "speed"}
BETA_KEYS = {"output_modalities": "modalities", "max_output_tokens": "max_response_output_tokens"}


def canonical(event: dict[str, Any]) -> dict[str, Any]:
    """Return a server event under its GA name, with an error's details where GA has them."""
    name = event.get("type")
    if name == "error":
        return {**event, "error": _error_details(event)}
    named = {**event, "type": GA_NAMES[name]} if isinstance(name, str) and name in GA_NAMES else event
    return from_xai(from_vllm(named))


def _error_details(event: dict[str, Any]) -> Any:
    """Return the details; some servers write a bare string, or write them beside the type."""
    error = event.get("error")
    beside = {key: value for key, value in event.items() if key in ("code", "message")}
    if isinstance(error, str):
        return beside | {"message": error}
    return beside if error is None else error


def beta_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return a GA client event as the beta dialect writes it."""
    match event["type"]:
        case "session.update" if event["session"].get("type") == "transcription":
            return {**event, "type": "transcription_session.update", "session": beta_session(event["session"])}
        case "session.update":
            return {**event, "session": beta_session(event["session"])}
        case "conversation.item.create":
            return {**event, "item": beta_item(event["item"])}
        case "response.create" if "response" in event:
            return {**event, "response": beta_response(event["response"])}
        case _:
            return event


def beta_session(session: dict[str, Any]) -> dict[str, Any]:
    """Return a GA session config as the beta's flat one: no `type`, sound settings at the top."""
    audio = session.get("audio", {})
    flat = {BETA_KEYS.get(key, key): value for key, value in session.items() if key not in ("type", "audio")}
    flat |= {BETA_INPUT.get(key, key): value for key, value in audio.get("input", {}).items()}
    flat |= {BETA_OUTPUT.get(key, key): value for key, value in audio.get("output", {}).items()}
    return _beta_values(flat)


def beta_response(response: dict[str, Any]) -> dict[str, Any]:
    """Return GA response parameters as the beta has them; the length limit keeps its name there."""
    return _beta_values({"modalities" if key == "output_modalities" else key: value for key, value in response.items()})


def _beta_values(flat: dict[str, Any]) -> dict[str, Any]:
    for key in ("input_audio_format", "output_audio_format"):
        if key in flat:
            flat[key] = BETA_FORMATS[flat[key]["type"]]
    if "modalities" in flat:
        flat["modalities"] = BETA_MODALITIES[flat["modalities"][0]]
    return flat


def beta_item(item: dict[str, Any]) -> dict[str, Any]:
    """Return a GA item as the beta has it: the parts of its content are called otherwise."""
    content = [{**part, "type": BETA_PARTS.get(part["type"], part["type"])} for part in item.get("content", ())]
    return {**item, "content": content}
