"""What screens say to the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from sentra_tui.domain.state import Severity

if TYPE_CHECKING:
    from sentra_tui.domain.actions import Action


class Asked(Message):
    """The user asks for an action."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action


class Told(Message):
    """The user should know something: what happened, and what helps."""

    def __init__(self, text: str, hint: str = "", severity: Severity = Severity.INFORMATION) -> None:
        super().__init__()
        self.text = text
        self.hint = hint
        self.severity = severity
