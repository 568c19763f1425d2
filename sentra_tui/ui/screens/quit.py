"""Asks before a call is hung up by quitting."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class QuitScreen(ModalScreen[bool]):
    """Returns whether to quit."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y,q,ctrl+c", "answer(True)", "Quit"),
        Binding("escape,n", "answer(False)", "Stay"),
    ]

    def __init__(self, connected: int) -> None:
        super().__init__()
        self._connected = connected

    def compose(self) -> ComposeResult:
        """Yield the question."""
        calls = "1 call is" if self._connected == 1 else f"{self._connected} calls are"
        with Vertical(classes="dialog"):
            yield Static(Content("Quit?"), classes="heading")
            yield Static(Content.assemble(calls, " live. Quitting hangs up."), classes="question")
            yield Static(
                Content.assemble(("⏎", "$accent bold"), " hang up and quit    ", ("esc", "$accent bold"), " stay")
            )

    def action_answer(self, quit_now: bool) -> None:
        """Take the answer."""
        self.dismiss(quit_now)
