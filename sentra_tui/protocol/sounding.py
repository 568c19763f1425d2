"""The answer that sounds: how much of it was heard, and what to tell the server when it is silenced.

Over WebRTC the server paces the sound and cuts the answer itself; elsewhere the client holds the sound and says what
was heard of it. https://platform.openai.com/docs/guides/realtime-conversations#handling-audio-with-websockets
"""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.changes import AnswerCut
from sentra_tui.protocol.client_events import ClientEvent, ConversationItemDelete, ConversationItemTruncate
from sentra_tui.protocol.effects import BeginPlayback, Effect, FlushPlayback

WAITING_MAX = 8
"""Answers whose words have come and that do not sound yet; one that is older never will."""
CHARS_PER_S = 15.0
"""How fast voices speak, about: what maps the time that was heard to a place in the words."""


class Sounding:
    """What is known of the sound of answers in one call.

    `heard_ms` tells how much of the present answer was heard, in milliseconds; `server_truncates` that the server
    knows by itself.
    """

    def __init__(
        self, heard_ms: Callable[[], int], next_event_id: Callable[[], str], *, server_truncates: bool
    ) -> None:
        self.speed = 1.0
        self._heard_ms = heard_ms
        self._next_event_id = next_event_id
        self._server_truncates = server_truncates
        self._answer_id = ""
        self._parts: dict[str, tuple[str, int]] = {}
        """By answer the part of the item in which its words come: they may, seconds before they sound."""

    @property
    def on(self) -> bool:
        """Whether an answer sounds."""
        return bool(self._answer_id)

    def begin(self, answer_id: str) -> list[Effect]:
        """This answer sounds, or will at once; said more than once it is nothing new."""
        if answer_id == self._answer_id:
            return []
        self._forget()
        self._answer_id = answer_id
        return [BeginPlayback()]

    def part(self, answer_id: str, item_id: str, content_index: int) -> None:
        """The words of this answer come in this part of this item."""
        self._parts[answer_id] = item_id, content_index
        if len(self._parts) > WAITING_MAX:
            del self._parts[next(iter(self._parts))]

    def stop(self) -> None:
        """It has sounded to its end."""
        self._forget()

    def _forget(self) -> None:
        self._parts.pop(self._answer_id, None)
        self._answer_id = ""

    def cut(self, now_ms: int) -> tuple[list[AnswerCut | Effect], list[ClientEvent]]:
        """Silence it: return what to tell and do at once, and what to send."""
        if not self._answer_id:
            return [], []
        heard_ms = self._heard_ms()
        heard_chars = int(heard_ms / 1000 * CHARS_PER_S * self.speed)
        cut = AnswerCut(self._answer_id, now_ms, heard_ms, heard_chars)
        truncation = self._truncation(heard_ms)
        self._forget()
        return [FlushPlayback(), cut], truncation

    def _truncation(self, heard_ms: int) -> list[ClientEvent]:
        item_id, content_index = self._parts.get(self._answer_id, ("", 0))
        if self._server_truncates or not item_id:
            return []
        event_id = self._next_event_id()
        if heard_ms <= 0:
            return [ConversationItemDelete(item_id, event_id=event_id)]
        return [ConversationItemTruncate(item_id, content_index, heard_ms, event_id=event_id)]
