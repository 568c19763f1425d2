"""What the auxiliary assistant is told of the talk beside what it hears itself.

Lines of the speaker go into the microphone's session as messages of the user, in order and once, inside marks that
nobody who is audible can guess, and never into the instructions: what people say is data.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Literal

from msgspec import Struct

from sentra_tui.domain.history import newest_within
from sentra_tui.protocol.client_events import (
    ClientEvent,
    ConversationItemCreate,
    ConversationItemDelete,
    InputText,
    MessageItem,
    OutputText,
)

SYSTEM_AUDIO = "SYSTEM_AUDIO_TRANSCRIPT"
MAIN_ANSWER = "MAIN_ASSISTANT_ANSWER"
MINUTES = "MINUTES_OF_THE_TALK"
MARKED = "LINES_THAT_THE_USER_MARKED"
PINNED = 8
"""How many items go along with a question that is answered later, when the conversation has gone on."""
_LABELS = {"speaker": SYSTEM_AUDIO, "main": MAIN_ANSWER, "minutes": MINUTES, "marked": MARKED}


class ContextEntry(Struct, frozen=True):
    """One thing that was said or answered; `name` tells it apart from all others."""

    name: str
    voice: Literal["user", "speaker", "aux", "main", "minutes", "marked"]
    text: str


class ContextFeed:
    """What one session was told. `mark` is its random delimiter; it holds at most `lines_max` told entries."""

    def __init__(self, mark: str, lines_max: int, next_event_id: Callable[[], str]) -> None:
        self._mark = mark
        self._lines_max = lines_max
        self._next_event_id = next_event_id
        self._numbers = count(1)
        self._told: set[str] = set()
        self._held: deque[tuple[str, MessageItem]] = deque()

    def tell(self, entry: ContextEntry) -> list[ClientEvent]:
        """Return the events that put `entry` last into the conversation; nothing where it was told already."""
        if entry.name in self._told or not entry.text.strip() or not self._lines_max:
            return []
        self._told.add(entry.name)
        item_id = f"ctx_{next(self._numbers)}"
        item = self._item(entry, item_id)
        self._held.append((entry.name, item))
        return [ConversationItemCreate(item, event_id=self._next_event_id()), *self._forget()]

    def replay(self, entries: Sequence[ContextEntry], budget_tokens: int) -> list[ClientEvent]:
        """Return the events that tell a new session the newest of `entries` that the budget holds, oldest first."""
        if not entries or not budget_tokens:
            return []
        room = self._lines_max - len(self._held)
        kept = max(min(newest_within([entry.text for entry in entries], budget_tokens), room), 0)
        return [event for entry in entries[len(entries) - kept :] for event in self.tell(entry)]

    def up_to(self, name: str) -> tuple[MessageItem, ...]:
        """Return the last few items told, up to the one of this name; none where it is not held."""
        names = [held for held, _ in self._held]
        if name not in names:
            return ()
        end = names.index(name) + 1
        items = (item for _, item in list(self._held)[max(0, end - PINNED) : end])
        return tuple(MessageItem(item.role, item.content) for item in items)

    def _forget(self) -> list[ClientEvent]:
        if len(self._held) <= self._lines_max:
            return []
        return [ConversationItemDelete(self._held.popleft()[1].id, event_id=self._next_event_id())]

    def _item(self, entry: ContextEntry, item_id: str) -> MessageItem:
        if entry.voice == "aux":
            return MessageItem("assistant", (OutputText(entry.text),), id=item_id)
        if entry.voice == "user":
            return MessageItem("user", (InputText(entry.text),), id=item_id)
        text = f"{_LABELS[entry.voice]} {self._mark}\n{entry.text}\nEND {self._mark}"
        return MessageItem("user", (InputText(text),), id=item_id)
