"""Where xAI's voice API differs from Realtime GA, which it otherwise takes.

The voice and the turn detection stand at the top of a session; no turn detection is one without a type. A response's
`status_details` may be a word, and its usage may stand beside it. `ping` wants no answer: it is an unknown event.
https://docs.x.ai/voice-realtime.ws.json
"""

from __future__ import annotations

from typing import Any

_NONE = {"type": None}


def xai_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return a GA client event as xAI takes it."""
    return {**event, "session": _session(event["session"])} if event["type"] == "session.update" else event


def from_xai(event: dict[str, Any]) -> dict[str, Any]:
    """Return a server event with its response as GA has it."""
    response = event.get("response")
    if not isinstance(response, dict):
        return event
    told = {key: value for key, value in response.items() if key != "status_details" or isinstance(value, dict)}
    usage = response.get("usage") or event.get("usage")
    return {**event, "response": {**told, "usage": usage}}


def _session(session: dict[str, Any]) -> dict[str, Any]:
    """Return a GA session with what xAI reads elsewhere; it passes over what it does not know."""
    audio = session.get("audio", {})
    flat = {}
    if "turn_detection" in audio.get("input", {}):
        flat["turn_detection"] = audio["input"]["turn_detection"] or _NONE
    if "voice" in audio.get("output", {}):
        flat["voice"] = audio["output"]["voice"]
    language = (audio.get("input", {}).get("transcription") or {}).get("language")
    if language:
        transcription = {**audio["input"]["transcription"], "language_hint": language}
        audio = {**audio, "input": {**audio["input"], "transcription": transcription}}
    return {**session, **({"audio": audio} if audio else {}), **flat}
