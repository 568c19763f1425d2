"""Changes of a session that stands.

The speed of speech changes between responses only: a server refuses it while one is under way, and everything that
comes with it (`speed` of the session's `audio.output` in the Realtime API reference).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sentra_tui.domain.changes import Change
from sentra_tui.protocol.client_events import ClientEvent, ResponseCreate, SessionUpdate
from sentra_tui.protocol.effects import Effect, SendEvent


class Updates:
    """Sends what has changed of a session: at once, or once no response is under way, which `busy` tells."""

    def __init__(self, next_event_id: Callable[[], str], busy: Callable[[], bool]) -> None:
        self._next_event_id = next_event_id
        self._busy = busy
        self._kept: list[dict[str, Any]] = []

    def change(self, changed: dict[str, Any]) -> list[ClientEvent]:
        """Return what to send now so that the session becomes this."""
        if not changed:
            return []
        if self._busy() and (self._kept or "speed" in changed.get("audio", {}).get("output", {})):
            self._kept.append(changed)
            return []
        return [SessionUpdate(changed, event_id=self._next_event_id())]

    def before(self, outcome: list[Change | Effect]) -> list[Change | Effect]:
        """Return `outcome`, behind what was kept where it frees the session or begins the next response."""
        begins = any(isinstance(each, SendEvent) and isinstance(each.event, ResponseCreate) for each in outcome)
        if self._busy() and not begins:
            return outcome
        kept, self._kept = self._kept, []
        return [*(SendEvent(SessionUpdate(each, event_id=self._next_event_id())) for each in kept), *outcome]
