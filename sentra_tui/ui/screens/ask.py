"""Asks what the main assistant shall be asked, and about how much of the talk."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from sentra_tui.domain.actions import Ask
from sentra_tui.domain.briefing import WHAT_NOW
from sentra_tui.domain.question import Scope
from sentra_tui.ui.widgets.choice import Choice
from sentra_tui.ui.widgets.prompt import MAX_CHARS, PromptInput

SCOPES: tuple[tuple[Scope, str], ...] = (("2m", "last 2 min"), ("5m", "last 5 min"), ("all", "everything"))


class AskScreen(ModalScreen[Ask | None]):
    """Returns what to ask, or None. The question box has the focus: the scope is one key away."""

    CSS_PATH = "modal.tcss"
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "dismiss", "Back"),
        Binding("up,down", "app.focus_next", "To the scope, to the question"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._scopes = Choice[Scope](SCOPES, "2m", widget_id="ask-scope")
        self._question = PromptInput(placeholder=WHAT_NOW, compact=True, max_length=MAX_CHARS, id="ask-question")

    def compose(self) -> ComposeResult:
        """Yield the scope and the question."""
        with Vertical(classes="dialog"):
            yield Static(Content("Ask about what was said"), classes="heading")
            yield self._scopes
            yield self._question
            yield Static(
                Content.assemble(
                    *(("⏎", "$accent bold"), " ask   ", ("tab", "$accent bold"), " scope: ", ("← →", "$accent bold")),
                    *(" or ", ("1 2 3", "$accent bold"), "   ", ("esc", "$accent bold"), " back"),
                ),
                classes="footing",
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask."""
        event.stop()
        self._ask()

    def on_key(self, event: events.Key) -> None:
        """Ask from the scope, too; choose it from the question box while that is empty."""
        if event.key == "enter" and self._scopes.has_focus:
            event.stop()
            self._ask()

    def _ask(self) -> None:
        self.dismiss(Ask(self._question.value.strip(), self._scopes.value))
