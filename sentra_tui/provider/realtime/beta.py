"""The beta dialect, as a server speaks it: what the client says becomes GA, what the session says becomes beta.

The tables are those of `sentra_tui.protocol.dialects`, which reads and writes the client's side.
"""

from __future__ import annotations

from typing import Any

from sentra_tui.protocol.dialects import (
    BETA_FORMATS,
    BETA_INPUT,
    BETA_KEYS,
    BETA_OUTPUT,
    BETA_PARTS,
    GA_NAMES,
    beta_item,
    beta_response,
    beta_session,
)

TEMPERATURE = 0.8
"""What sessions and responses of the beta show, where nothing else was asked for."""

Json = dict[str, Any]

_BETA_NAMES = {ga: beta for beta, ga in GA_NAMES.items() if not beta.startswith("transcription_session.")}
_UNKNOWN_IN_BETA = ("conversation.item.done",)
_INPUT = {beta: ga for ga, beta in BETA_INPUT.items()}
_OUTPUT = {beta: ga for ga, beta in BETA_OUTPUT.items()}
_KEYS = {beta: ga for ga, beta in BETA_KEYS.items()}
_FORMATS = {beta: ga for ga, beta in BETA_FORMATS.items()}
_PARTS = {beta: ga for ga, beta in BETA_PARTS.items()}


def said_in_beta(event: Json) -> Json | None:
    """Return a server event as the beta has it, None where it has none."""
    if event["type"] in _UNKNOWN_IN_BETA:
        return None
    shown = {**event, "type": _BETA_NAMES.get(event["type"], event["type"])}
    if "session" in event:
        shown["session"] = shown_session(event["session"])
        if event["session"].get("type") == "transcription":
            shown["type"] = f"transcription_{shown['type']}"
    if "response" in event:
        shown["response"] = _shown_response(event["response"])
    if "item" in event:
        shown["item"] = beta_item(event["item"])
    return shown


def shown_session(session: Json) -> Json:
    """Return a session object as the beta shows it."""
    shown = beta_session(session)
    if session.get("type") == "realtime":
        shown.setdefault("temperature", TEMPERATURE)
    return shown


def understood(event: Json) -> Json:
    """Return a client event of the beta as GA has it; what cannot be read stays as it is."""
    match event:
        case {"type": "session.update", "session": dict(session)}:
            return {**event, "session": ga_session(session, "realtime")}
        case {"type": "transcription_session.update", "session": dict(session)}:
            return {**event, "type": "session.update", "session": ga_session(session, "transcription")}
        case {"type": "conversation.item.create", "item": dict(item)}:
            return {**event, "item": _ga_item(item)}
        case {"type": "response.create", "response": dict(response)}:
            return {**event, "response": _ga_response(response)}
        case _:
            return event


def ga_session(flat: Json, kind: str) -> Json:
    """Return a flat session config of the beta as GA nests it."""
    session: Json = {"type": kind}
    audio: dict[str, Json] = {"input": {}, "output": {}}
    for key, value in flat.items():
        if key in _INPUT:
            audio["input"][_INPUT[key]] = _ga_value(key, value)
        elif key in _OUTPUT:
            audio["output"][_OUTPUT[key]] = _ga_value(key, value)
        else:
            session[_KEYS.get(key, key)] = _ga_value(key, value)
    used = {side: settings for side, settings in audio.items() if settings}
    return {**session, "audio": used} if used else session


def _ga_value(key: str, value: Any) -> Any:
    if key in ("input_audio_format", "output_audio_format") and isinstance(value, str):
        return {"type": _FORMATS.get(value, value)}
    if key == "modalities" and isinstance(value, list):
        return ["audio"] if "audio" in value else value
    return value


def _ga_response(response: Json) -> Json:
    read = {_KEYS.get(key, key): _ga_value(key, value) for key, value in response.items()}
    if isinstance(read.get("input"), list):
        read["input"] = [_ga_item(item) if isinstance(item, dict) else item for item in read["input"]]
    return read


def _ga_item(item: Json) -> Json:
    content = item.get("content")
    if not isinstance(content, list):
        return item
    return {**item, "content": [_ga_part(part) for part in content]}


def _ga_part(part: Any) -> Any:
    match part:
        case {"type": str(kind)} if kind in _PARTS:
            return {**part, "type": _PARTS[kind]}
        case _:
            return part


def _shown_response(response: Json) -> Json:
    flat = beta_response({key: value for key, value in response.items() if key != "audio"})
    output = response["audio"]["output"]
    return flat | {
        "voice": output["voice"],
        "output_audio_format": BETA_FORMATS[output["format"]["type"]],
        "output": [beta_item(item) for item in response["output"]],
        "temperature": TEMPERATURE,
    }
