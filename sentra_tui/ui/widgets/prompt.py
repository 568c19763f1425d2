"""Where the user types."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input

from sentra_tui.domain.text import clean
from sentra_tui.ui.widgets.line import Line

MAX_CHARS = 32_000
PLACEHOLDER = "ask or type…"


class PromptInput(Input):
    """A line of input that keeps no character a terminal would obey, not even a pasted one."""

    def validate_value(self, value: str) -> str:
        """Return `value` on one line, clean."""
        return clean(value).replace("\n", " ")


class Prompt(Horizontal):
    """The prompt line. Its input comes right after the first paint: nobody types before that."""

    DEFAULT_CSS = "Prompt { height: 1; } Prompt #prompt-sign { width: 3; }"

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._input = PromptInput(placeholder=PLACEHOLDER, compact=True, max_length=MAX_CHARS, select_on_focus=False)
        self._placeholder = Line(Content(PLACEHOLDER), classes="-quiet")

    def compose(self) -> ComposeResult:
        """Yield the sign, and the words that the input will show."""
        yield Line(Content(" ❯ "), widget_id="prompt-sign")
        yield self._placeholder

    def on_mount(self) -> None:
        """Put the input in its place after the first paint."""
        self.call_after_refresh(self._mount_input)

    async def _mount_input(self) -> None:
        await self._placeholder.remove()
        await self.mount(self._input)

    def open(self) -> None:
        """Give the input the focus."""
        self._input.focus()

    def take(self) -> str:
        """Return what was typed, and clear it."""
        text = self._input.value.strip()
        self._input.value = ""
        return text
