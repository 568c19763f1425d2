"""The words of vLLM's realtime server, which writes down what it hears and does nothing else.

A commit begins an utterance, a commit marked as final ends it, and only once its text is there can the next one begin:
a beginning before that is passed over. Nothing tells utterances apart but their order, so the events here name no item.
What was sent between an utterance's end and its text is lost with it. No update is confirmed.
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html, vllm/entrypoints/openai/realtime
"""

from __future__ import annotations

from typing import Any

BEGIN = '{"type": "input_audio_buffer.commit"}'
"""Begins an utterance: due when the session is agreed on, and when the text of the utterance before it is there."""

_TRANSCRIPTION = "conversation.item.input_audio_transcription"
_COUNTS = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}


def vllm_event(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return a GA client event as vLLM takes it, None where it has no word for it."""
    match event:
        case {"type": "session.update", "session": {"audio": {"input": {"transcription": {"model": model}}}}}:
            return {"type": "session.update", "model": model}
        case {"type": "input_audio_buffer.commit"}:
            return {"type": "input_audio_buffer.commit", "final": True}
        case {"type": "input_audio_buffer.append", "audio": audio}:
            return {"type": "input_audio_buffer.append", "audio": audio}
    return None


def from_vllm(event: dict[str, Any]) -> dict[str, Any]:
    """Return a server event of vLLM as GA has it; any other as it is."""
    match event:
        case {"type": "transcription.delta"}:
            return {**event, "type": f"{_TRANSCRIPTION}.delta"}
        case {"type": "transcription.done"}:
            told = {"transcript": event.get("text", ""), "usage": _usage(event.get("usage"))}
            return {"type": f"{_TRANSCRIPTION}.completed", **told}
    return event


def _usage(usage: Any) -> Any:
    """Return what it counted under the names that GA has."""
    if not isinstance(usage, dict):
        return None
    return {"type": "tokens"} | {_COUNTS.get(name, name): count for name, count in usage.items()}
