"""Conversations that the provider keeps for its clients: items in order, and one writer at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.text.message_items import Item

MAX_CONVERSATIONS = 200
MAX_ITEMS = 1000
"""What one conversation keeps; its oldest items go."""


class StoredConversation:
    """Items by their ids, oldest first."""

    def __init__(self, created_at: int, metadata: dict[str, str]) -> None:
        self.id = new_id("conv")
        self.created_at = created_at
        self.metadata = metadata
        self.writer = ""
        """The response that is being written into it, empty while there is none."""
        self._items: dict[str, Item] = {}

    @property
    def items(self) -> list[Item]:
        """All items, oldest first."""
        return list(self._items.values())

    def describe(self) -> dict[str, Any]:
        """Return it as the client sees it."""
        return {
            "id": self.id,
            "object": "conversation",
            "created_at": self.created_at,
            "metadata": self.metadata,
        }

    def require_unlocked(self) -> None:
        """Raise ApiError (400) while a response is being written into it."""
        if self.writer:
            raise ApiError(
                400,
                "Another process is currently operating on this conversation. Please retry in a few seconds.",
                code="conversation_locked",
                param="conversation",
            )

    def append(self, items: Iterable[Item]) -> None:
        """Put items at the end."""
        self._items |= {item["id"]: item for item in items}
        while len(self._items) > MAX_ITEMS:
            del self._items[next(iter(self._items))]

    def item(self, item_id: str) -> Item:
        """Return one item; raises ApiError (404)."""
        if item_id not in self._items:
            raise ApiError(404, f"Item with id '{item_id}' not found.")
        return self._items[item_id]

    def delete_item(self, item_id: str) -> None:
        """Take one item out; raises ApiError (404)."""
        del self._items[self.item(item_id)["id"]]


class Conversations:
    """Keeps so many; the oldest that nobody writes into goes. `epoch_s` is the wall clock."""

    def __init__(self, epoch_s: Callable[[], float]) -> None:
        self._epoch_s = epoch_s
        self._kept: dict[str, StoredConversation] = {}

    def create(self, items: Iterable[Item], metadata: dict[str, str]) -> StoredConversation:
        """Return a new one."""
        if len(self._kept) >= MAX_CONVERSATIONS:
            idle = (known.id for known in self._kept.values() if not known.writer)
            self._kept.pop(next(idle, ""), None)
        created = StoredConversation(int(self._epoch_s()), metadata)
        created.append(items)
        self._kept[created.id] = created
        return created

    def find(self, conversation_id: str) -> StoredConversation:
        """Return one; raises ApiError (404)."""
        if conversation_id not in self._kept:
            raise ApiError(404, f"Conversation with id '{conversation_id}' not found.")
        return self._kept[conversation_id]

    def delete(self, conversation_id: str) -> None:
        """Forget one; raises ApiError when it is not there or being written into."""
        self.find(conversation_id).require_unlocked()
        del self._kept[conversation_id]
