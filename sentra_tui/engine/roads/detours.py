"""Says, once, when calls do not go by the best road, and why; and when they do again."""

from __future__ import annotations

from sentra_tui.domain.changes import Change, Noticed, StreamConnected
from sentra_tui.domain.state import Severity
from sentra_tui.engine.store import Store


class DetourTeller:
    """Listens to the calls of all streams: what is true of the second one needs no second notice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told = ""
        store.subscribe(self._hear)

    def _hear(self, change: Change) -> None:
        if not isinstance(change, StreamConnected) or change.detour == self._told:
            return
        self._told = change.detour
        if change.detour:
            text = f"Calls go by {change.transport}, not {change.detour}."
            self._store.publish(Noticed(Severity.WARNING, text, "A better road is tried again later, or with r."))
        else:
            self._store.publish(Noticed(Severity.INFORMATION, f"Calls go by {change.transport} again."))
