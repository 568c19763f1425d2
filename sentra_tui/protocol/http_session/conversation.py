"""The conversation of one session: its items in order, and the part of it that is sent with each question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sentra_tui.domain.history import newest_within
from sentra_tui.domain.voice_ports import ChatMessage, Role
from sentra_tui.protocol.client_events import MessageItem
from sentra_tui.protocol.http_session.refused import Refused
from sentra_tui.protocol.http_session.requests import Names, Outcome
from sentra_tui.protocol.sounding import CHARS_PER_S

ROOT = "root"
HISTORY_TOKENS = 4_000
"""How much of the conversation goes along with a question, in estimated tokens."""
ITEMS_MAX = 500
"""A session forgets its oldest items beyond so many: they have long left what is sent."""

PartType = Literal["input_audio", "input_text", "output_text", "output_audio"]
_SPOKEN: tuple[PartType, ...] = ("input_audio", "output_audio")


@dataclass(slots=True)
class _Item:
    role: Role
    part: PartType
    text: str
    status: str = "completed"
    heard_ms: int | None = None
    """How much of a spoken answer was heard; None while that is not settled."""


class Conversation:
    """Keeps the items. What cannot be done raises Refused."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._items: dict[str, _Item] = {}
        self._given: set[str] = set()
        """Ids of items that are still to come, or never enter the conversation."""

    @property
    def last_id(self) -> str | None:
        """The newest item; None in the beginning."""
        return next(reversed(self._items), None)

    def holds(self, item_id: str) -> bool:
        """Return whether this item is there."""
        return item_id in self._items

    def text(self, item_id: str) -> str:
        """Return what an item says; nothing where that is not known."""
        item = self._items.get(item_id)
        return item.text if item is not None else ""

    def new_id(self) -> str:
        """Return an id that no item has."""
        item_id = self._names.next("item")
        while item_id in self._items:
            item_id = self._names.next("item")
        self._given.add(item_id)
        return item_id

    def create(self, item: MessageItem, previous_item_id: str) -> Outcome:
        """Put a client's item in."""
        if item.id in self._items or item.id in self._given:
            raise Refused("An item with this id is there already.", code="item_already_exists", param="item.id")
        if previous_item_id not in ("", ROOT, *self._items):
            raise _unknown("item_create_invalid_previous_item_id", "previous_item_id")
        item_id = item.id or self.new_id()
        text = " ".join(part.text for part in item.content)
        part: PartType = "output_text" if item.role == "assistant" else "input_text"
        return [*self._insert(item_id, _Item(item.role, part, text), previous_item_id), *self.finish(item_id)]

    def hear(self, item_id: str) -> Outcome:
        """Put a turn in, whose words are not known yet."""
        return [*self._insert(item_id, _Item("user", "input_audio", "")), *self.finish(item_id)]

    def answer(self, item_id: str, *, spoken: bool) -> Outcome:
        """Put an answer in that is about to be written."""
        part: PartType = "output_audio" if spoken else "output_text"
        return self._insert(item_id, _Item("assistant", part, "", "in_progress"))

    def write(self, item_id: str, text: str) -> None:
        """Take this for the words of an item, unless what was heard of it is settled, or it is gone."""
        item = self._items.get(item_id)
        if item is not None and item.heard_ms is None:
            item.text = text

    def cut(self, item_id: str, text: str, audio_end_ms: int) -> Outcome:
        """Take it that only `text` of a spoken answer was heard."""
        item = self._require(item_id, "item_truncate_invalid_item_id")
        if item.part != "output_audio":
            raise Refused("Only spoken answers can be truncated.", code="unsupported_content_type")
        item.text, item.heard_ms = text, audio_end_ms
        return [
            self._names.say("conversation.item.truncated", item_id=item_id, content_index=0, audio_end_ms=audio_end_ms)
        ]

    def truncate(self, item_id: str, audio_end_ms: int, speed: float) -> Outcome:
        """Take it that only so much of a spoken answer was heard, by the client's measure.

        What we cut ourselves was measured; the client knows what its loudspeaker still held of that.
        """
        item = self._require(item_id, "item_truncate_invalid_item_id")
        expected_ms = len(item.text) / CHARS_PER_S / speed * 1000
        return self.cut(item_id, words_within(item.text, audio_end_ms, item.heard_ms or expected_ms), audio_end_ms)

    def finish(self, item_id: str, status: str = "completed") -> Outcome:
        """Say that an item is complete, if it is still there."""
        if item_id not in self._items:
            return []
        self._items[item_id].status = status
        before = list(self._items)
        place = before.index(item_id)
        previous = before[place - 1] if place else None
        return [self._names.say("conversation.item.done", item=self._describe(item_id), previous_item_id=previous)]

    def retrieve(self, item_id: str) -> Outcome:
        """Show an item to the client."""
        self._require(item_id, "item_retrieve_invalid_item_id")
        return [self._names.say("conversation.item.retrieved", item=self._describe(item_id))]

    def delete(self, item_id: str) -> Outcome:
        """Take an item out."""
        self._require(item_id, "item_delete_invalid_item_id")
        del self._items[item_id]
        return [self._names.say("conversation.item.deleted", item_id=item_id)]

    def messages(self, instructions: str, turn_id: str = "") -> tuple[ChatMessage, ...]:
        """Return what is sent with a question: the instructions, and as much of the newest items as fits.

        The words of the turn `turn_id` come last, whatever entered the conversation behind it.
        """
        said = [(item_id, item) for item_id, item in self._items.items() if item.text.strip()]
        said.sort(key=lambda each: each[0] == turn_id)
        window = newest_within([item.text for _, item in said], HISTORY_TOKENS) if said else 0
        kept = said[len(said) - window :]
        return (*system_message(instructions), *(ChatMessage(item.role, item.text) for _, item in kept))

    def _insert(self, item_id: str, item: _Item, previous_item_id: str = "") -> Outcome:
        self._given.discard(item_id)
        previous = previous_item_id or self.last_id
        order = list(self._items.items())
        place = 0 if previous in (None, ROOT) else list(self._items).index(previous) + 1
        order.insert(place, (item_id, item))
        self._items = dict(order[-ITEMS_MAX:] if place else order[:ITEMS_MAX])
        shown = self._describe(item_id)
        return [
            self._names.say(
                "conversation.item.added", item=shown, previous_item_id=None if previous == ROOT else previous
            )
        ]

    def _describe(self, item_id: str) -> dict[str, Any]:
        item = self._items[item_id]
        return describe_item(item_id, item.role, item.part, item.text, item.status)

    def _require(self, item_id: str, code: str) -> _Item:
        if item_id not in self._items:
            raise _unknown(code, "item_id")
        return self._items[item_id]


def words_within(text: str, heard_ms: float, whole_ms: float) -> str:
    """Return the words that were heard in `heard_ms` of the `whole_ms` that all of them take, about."""
    words = text.split()
    return " ".join(words[: int(len(words) * heard_ms / whole_ms)]) if whole_ms > 0 else ""


def describe_item(item_id: str, role: Role, part: PartType, text: str, status: str) -> dict[str, Any]:
    """Return an item as the server shows it."""
    field = "transcript" if part in _SPOKEN else "text"
    content = [{"type": part, field: text or None}] if text or role == "user" else []
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "role": role,
        "status": status,
        "content": content,
    }


def system_message(instructions: str) -> tuple[ChatMessage, ...]:
    """Return the message that carries the instructions, where there are any."""
    return (ChatMessage("system", instructions),) if instructions else ()


def _unknown(code: str, param: str) -> Refused:
    return Refused("The conversation has no item with this id.", code=code, param=param)
