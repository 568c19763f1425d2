"""Where the user types."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input

from sentra_tui.domain.text import clean
from sentra_tui.ui.widgets.line import Line

MAX_CHARS = 32_000


class PromptInput(Input):
    """A line of input that keeps no character a terminal would obey, not even a pasted one."""

    def validate_value(self, value: str) -> str:
        """Return `value` on one line, clean."""
        return clean(value).replace("\n", " ")


class Prompt(Horizontal):
    """The prompt line."""

    DEFAULT_CSS = "Prompt { height: 1; } Prompt Line { width: 3; }"

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self.input = PromptInput(placeholder="ask or type…", compact=True, max_length=MAX_CHARS, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """Yield the sign and the input."""
        yield Line(Content(" ❯ "))
        yield self.input

    def take(self) -> str:
        """Return what was typed, and clear it."""
        text = self.input.value.strip()
        self.input.value = ""
        return text
