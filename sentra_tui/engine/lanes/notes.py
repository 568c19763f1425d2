"""Marking lines that the user wants to find again."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.actions import NoteLine
from sentra_tui.domain.changes import LineNoted, Noticed
from sentra_tui.domain.state import AppState, Severity
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.store import Store


def newest_line(state: AppState, but: LineKey | None = None) -> tuple[str, LineKey] | None:
    """Return the stream and the key of the line of somebody's own words that began last, not counting `but`."""
    spoken = [
        (line.start_ms, stream.name, line.key)
        for stream in state.streams
        for page in stream.transcript.pages[-2:]
        for line in page
        if line.text and line.final and line.key != but and line.kind != "gap" and not line.echo
    ]
    return max(spoken, key=lambda each: each[0])[1:] if spoken else None


def answer_for_notes(store: Store, now_ms: Callable[[], int]) -> None:
    """Have the store mark lines when it is asked to."""

    def note(action: NoteLine) -> None:
        named = (action.stream, LineKey(action.session, action.item_id)) if action.item_id else newest_line(store.state)
        if named is None:
            store.publish(Noticed(Severity.INFORMATION, "There is no line to mark yet."))
        else:
            store.publish(LineNoted(named[0], named[1], now_ms()))

    store.handle(NoteLine, note)
