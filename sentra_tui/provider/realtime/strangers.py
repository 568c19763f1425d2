"""Events that belong to another session: an answer to nobody, and words of an item that was never announced."""

from __future__ import annotations

from typing import Any

from sentra_tui.provider.realtime.conversation import new_id

ANSWER = "This answers somebody else."
WORDS = "Nobody here said this."


def stranger_events() -> list[dict[str, Any]]:
    """Return them, each with its type: a response from its beginning to its end, and a transcript."""
    response = {"id": new_id("resp"), "object": "realtime.response", "status_details": None, "metadata": None}
    item = {"id": new_id("item"), "object": "realtime.item", "type": "message", "role": "assistant"}
    place = {"response_id": response["id"], "item_id": item["id"], "output_index": 0, "content_index": 0}
    done = {**item, "status": "completed", "content": [{"type": "output_text", "text": ANSWER}]}
    heard = {"item_id": new_id("item"), "content_index": 0}
    transcription = "conversation.item.input_audio_transcription"
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**response, "status": "in_progress", "output": []}},
        {
            "type": "response.output_item.added",
            "response_id": response["id"],
            "output_index": 0,
            "item": {**item, "status": "in_progress", "content": []},
        },
        {"type": "response.output_text.delta", **place, "delta": ANSWER},
        {"type": "response.output_text.done", **place, "text": ANSWER},
        {"type": "response.done", "response": {**response, "status": "completed", "output": [done]}},
        {"type": f"{transcription}.delta", **heard, "delta": WORDS},
        {
            "type": f"{transcription}.completed",
            **heard,
            "transcript": WORDS,
            "usage": {"type": "duration", "seconds": 1.0},
        },
    ]
    return [{"event_id": new_id("event"), **event} for event in events]
