"""Asks which provider to talk to."""

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

from sentra_tui.domain.text import clean_line
from sentra_tui.ui.options import ProviderChoice


class ProviderScreen(ModalScreen[str | None]):
    """Returns the name of the chosen provider, or None to quit."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,ctrl+c", "leave", "Quit")]

    def __init__(self, choices: Sequence[ProviderChoice]) -> None:
        super().__init__()
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Yield the question and the choices."""
        with Vertical(classes="dialog"):
            yield Static(Content("Whom shall this session talk to?"), classes="heading")
            yield OptionList(*map(_option, self._choices))
            yield Static(Content.assemble(("⏎", "$accent bold"), " choose    ", ("esc", "$accent bold"), " quit"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the choice."""
        self.dismiss(self._choices[event.option_index].name)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


def _option(choice: ProviderChoice) -> Option:
    label = clean_line(choice.label or choice.name, 60)
    return Option(Content.assemble((label, "bold"), "  ", clean_line(choice.note, 120)))
