"""Notices as toasts: the newest few, each once."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.state import AppState, Notice, Severity
from sentra_tui.domain.text import clean_line

AT_ONCE = 3
"""A burst of notices shows its last ones; all of them are in the engine's log."""
CHARS = 300
TIMEOUTS_S = {Severity.INFORMATION: 5.0, Severity.WARNING: 8.0, Severity.ERROR: 12.0}
TITLES = {Severity.INFORMATION: "· note", Severity.WARNING: "! warning", Severity.ERROR: "✕ error"}


class Notices:
    """Shows what is new in the notices of a state."""

    def __init__(self, show: Callable[[Notice], None]) -> None:
        self._show = show
        self._shown_number = 0

    def update(self, state: AppState) -> None:
        """Show the notices that came since the last time."""
        fresh = [notice for notice in state.notices if notice.number > self._shown_number]
        if not fresh:
            return
        self._shown_number = fresh[-1].number
        distinct = {(notice.text, notice.hint): notice for notice in fresh}
        for notice in list(distinct.values())[-AT_ONCE:]:
            self._show(notice)


def notice_text(text: str, hint: str) -> str:
    """Return what happened, and on a line of its own what helps."""
    return "\n".join(clean_line(part, CHARS) for part in (text, hint) if part)
