"""Asks which of several cited lines to go to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from sentra_tui.domain.briefing import SPEAKERS
from sentra_tui.domain.state import AppState
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.citations import cited_line

LINE_CHARS = 200


class CitationsScreen(ModalScreen[str | None]):
    """Returns the time of the chosen line, or None."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,c,ctrl+c", "dismiss", "Back")]

    def __init__(self, cited: Sequence[str], state: AppState) -> None:
        super().__init__()
        self._cited = cited
        self._state = state

    def compose(self) -> ComposeResult:
        """Yield the lines that are cited."""
        with Vertical(classes="dialog"):
            yield Static(Content("Go to which line?"), classes="heading")
            yield OptionList(*(_option(cited, self._state) for cited in self._cited))
            yield Static(Content.assemble(("⏎", "$accent bold"), " go there    ", ("esc", "$accent bold"), " back"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the choice."""
        self.dismiss(self._cited[event.option_index])


def _option(cited: str, state: AppState) -> Option:
    found = cited_line(state, cited)
    if found is None:
        return Option(Content.assemble((cited, "bold"), "  ", ("no line of that time", "italic")))
    who = SPEAKERS.get(found.stream, found.stream)
    words = clean_line(f"{who}: {found.line.text}", LINE_CHARS)
    return Option(Content.assemble((cited, "bold"), "  ", words))
