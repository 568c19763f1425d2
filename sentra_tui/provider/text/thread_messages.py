"""Messages of a thread, as the Assistants API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sentra_tui.provider.models.text_model import TextMessage
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.text.assistant_requests import MessageRequest

Message = dict[str, Any]


def sent_message(thread_id: str, request: MessageRequest, created_at: int) -> Message:
    """Return a message that a client put into the thread."""
    message = _message(thread_id, request.role, created_at)
    content = [text_content(text) for text in request.texts]
    return message | {"content": content, "completed_at": created_at, "metadata": request.metadata or {}}


def written_message(thread_id: str, assistant_id: str, run_id: str, created_at: int) -> Message:
    """Return a message that a run has begun to write."""
    message = _message(thread_id, "assistant", created_at)
    return message | {"assistant_id": assistant_id, "run_id": run_id, "status": "in_progress"}


def text_content(text: str) -> dict[str, Any]:
    """Return text as the only kind of content that there is here."""
    return {"type": "text", "text": {"value": text, "annotations": []}}


def text_messages(messages: Iterable[Message]) -> Sequence[TextMessage]:
    """Return the messages as a text model reads them."""
    return [TextMessage(message["role"], _text(message)) for message in messages]


def _message(thread_id: str, role: str, created_at: int) -> Message:
    return {
        "id": new_id("msg"),
        "object": "thread.message",
        "created_at": created_at,
        "thread_id": thread_id,
        "status": "completed",
        "incomplete_details": None,
        "completed_at": None,
        "incomplete_at": None,
        "role": role,
        "content": [],
        "assistant_id": None,
        "run_id": None,
        "attachments": [],
        "metadata": {},
    }


def _text(message: Mapping[str, Any]) -> str:
    return "\n".join(part["text"]["value"] for part in message["content"])
