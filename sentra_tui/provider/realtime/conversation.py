"""The conversation of one session: items in order, and the events that tell the client about them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.models.text_model import TextMessage
from sentra_tui.provider.realtime.client_events import Item
from sentra_tui.provider.realtime.spoken_text import SpokenText

Emit = Callable[..., None]
"""Sends a server event: its type, and its fields by name."""

ROOT = "root"


def new_id(prefix: str) -> str:
    """Return an identifier such as `item_…`."""
    return f"{prefix}_{secrets.token_hex(10)}"


class Conversation:
    """Keeps the items; each is a JSON object as the client sees it."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._items: dict[str, dict[str, Any]] = {}
        self._truncated: set[str] = set()
        self._spoken: dict[str, SpokenText] = {}
        self.id = new_id("conv")

    @property
    def last_id(self) -> str | None:
        """The id of the newest item."""
        return next(reversed(self._items), None)

    def insert(self, item: dict[str, Any], previous_item_id: str | None = None) -> None:
        """Put an item behind another one, at the beginning (`root`) or the end (None), and tell the client.

        Raises ApiError when the id is taken or the other item is not there.
        """
        if item["id"] in self._items:
            raise ApiError(400, "An item with this id is there already.", code="item_already_exists", param="item.id")
        if previous_item_id not in (None, ROOT, *self._items):
            raise _unknown_item("item_create_invalid_previous_item_id", "previous_item_id")
        previous = self.last_id if previous_item_id is None else previous_item_id
        order = list(self._items.items())
        place = 0 if previous in (None, ROOT) else list(self._items).index(str(previous)) + 1
        order.insert(place, (item["id"], item))
        self._items = dict(order)
        shown_previous = None if previous == ROOT else previous
        self._emit("conversation.item.added", item=_copy(item), previous_item_id=shown_previous)

    def finish(self, item_id: str) -> None:
        """Tell the client that an item is complete."""
        ids = list(self._items)
        place = ids.index(item_id)
        previous = ids[place - 1] if place else None
        self._emit("conversation.item.done", item=_copy(self._items[item_id]), previous_item_id=previous)

    def create(self, item: Item, previous_item_id: str | None) -> None:
        """Put a client's item in; raises ApiError."""
        shown = _wire_item(item)
        self.insert(shown, previous_item_id)
        self.finish(shown["id"])

    def retrieve(self, item_id: str) -> None:
        """Send an item to the client; raises ApiError."""
        self._require(item_id, "item_retrieve_invalid_item_id")
        self._emit("conversation.item.retrieved", item=_copy(self._items[item_id]))

    def delete(self, item_id: str) -> None:
        """Take an item out; raises ApiError."""
        self._require(item_id, "item_delete_invalid_item_id")
        del self._items[item_id]
        self._emit("conversation.item.deleted", item_id=item_id)

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Cut the text of a spoken answer down to what was heard; raises ApiError."""
        self._require(item_id, "item_truncate_invalid_item_id")
        content = self._items[item_id].get("content") or [{}]
        if content[0].get("type") != "output_audio":
            raise ApiError(400, "Only model output audio messages can be truncated.", code="unsupported_content_type")
        spoken = self._spoken.get(item_id, SpokenText())
        if audio_end_ms > spoken.duration_ms:
            message = f"Audio content of {spoken.duration_ms}ms is already shorter than {audio_end_ms}ms"
            raise ApiError(400, message, code="invalid_value", param="audio_end_ms")
        content[0]["transcript"] = spoken.heard(audio_end_ms)
        self._truncated.add(item_id)
        self._emit("conversation.item.truncated", item_id=item_id, content_index=0, audio_end_ms=audio_end_ms)

    def speak(self, item_id: str, text: str, duration_ms: int) -> None:
        """Keep that this text of an answer sounds so long."""
        self._spoken.setdefault(item_id, SpokenText()).add(text, duration_ms)

    def holds(self, item_id: str) -> bool:
        """Return whether this item is there."""
        return item_id in self._items

    def set_content(self, item_id: str, content: list[dict[str, Any]], status: str) -> None:
        """Replace what an item holds, if it is still there and was not truncated."""
        if item_id in self._items:
            kept = self._items[item_id]["content"] if item_id in self._truncated else content
            self._items[item_id] |= {"content": kept, "status": status}

    def texts(self, role: str) -> list[str]:
        """Return what was said in this role, oldest first."""
        spoken = (_item_text(item) for item in self._items.values() if item.get("role") == role)
        return [text for text in spoken if text]

    def said(self, without: str) -> list[TextMessage]:
        """Return all that was said but this item, oldest first."""
        spoken = (
            TextMessage(str(item.get("role")), _item_text(item)) for key, item in self._items.items() if key != without
        )
        return [message for message in spoken if message.text]

    def last_of(self, role: str) -> str:
        """Return the id of the newest item of this role, empty when there is none."""
        return next((key for key, item in reversed(self._items.items()) if item.get("role") == role), "")

    def item_text(self, item_id: str) -> str:
        """Return what an item says, nothing when it is not there."""
        return _item_text(self._items.get(item_id, {}))

    def _require(self, item_id: str, code: str) -> None:
        if item_id not in self._items:
            raise _unknown_item(code, "item_id")


def _wire_item(item: Item) -> dict[str, Any]:
    shown = {key: value for key, value in msgspec.to_builtins(item).items() if value is not None}
    shown |= {"id": item.id or new_id("item"), "object": "realtime.item", "status": "completed"}
    if item.type == "message":
        shown["content"] = [{k: v for k, v in part.items() if v is not None} for part in shown["content"]]
    else:
        shown.pop("role")
        shown.pop("content")
    return shown


def _item_text(item: dict[str, Any]) -> str:
    parts = (part.get("text") or part.get("transcript") for part in item.get("content", []))
    return " ".join(part for part in parts if part)


def _unknown_item(code: str, param: str) -> ApiError:
    return ApiError(400, "The conversation has no item with this id.", code=code, param=param)


def _copy(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "content": [dict(part) for part in item["content"]]} if "content" in item else dict(item)
