"""Message items of Responses and Conversations: as they come, as they are kept, and as the model reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from sentra_tui.provider.models.text_model import TextMessage
from sentra_tui.provider.realtime.conversation import new_id

MAX_ITEMS_AT_ONCE = 20

Item = dict[str, Any]
"""An item as the client sees it."""


class InputPart(Struct, frozen=True):
    """Text in a message; what else a part carries is not kept."""

    type: Literal["input_text", "output_text", "text"]
    text: str


class InputItem(Struct, frozen=True):
    """A message that a request brings along."""

    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[InputPart]
    type: Literal["message"] = "message"


Items = Annotated[list[InputItem], Meta(max_length=MAX_ITEMS_AT_ONCE)]
"""What is put into a conversation at once."""


def kept_items(given: str | Iterable[InputItem]) -> list[Item]:
    """Return what a request brings along as items with ids; a string is one message of the user's."""
    items = [InputItem("user", given)] if isinstance(given, str) else given
    return [_message(item) for item in items]


def output_message(item_id: str, text: str | None, status: str) -> Item:
    """Return a message of the assistant's; without a text it has no part yet."""
    content = [] if text is None else [output_text(text)]
    return {"id": item_id, "type": "message", "role": "assistant", "status": status, "content": content}


def output_text(text: str) -> Item:
    """Return the part of an assistant's message that holds its text."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def text_messages(items: Iterable[Item]) -> list[TextMessage]:
    """Return items as the model reads them."""
    return [TextMessage(item["role"], "\n".join(part["text"] for part in item["content"])) for item in items]


def count_words(messages: Iterable[TextMessage]) -> int:
    """Return how many words the messages have: they count as tokens."""
    return sum(len(message.text.split()) for message in messages)


def _message(item: InputItem) -> Item:
    texts = [item.content] if isinstance(item.content, str) else [part.text for part in item.content]
    content = [
        output_text(text) if item.role == "assistant" else {"type": "input_text", "text": text} for text in texts
    ]
    return {"id": new_id("msg"), "type": "message", "role": item.role, "status": "completed", "content": content}
