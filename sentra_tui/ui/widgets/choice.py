"""One of a few, on one row."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

Value = TypeVar("Value", bound=Hashable)


class Choice(Widget, Generic[Value], can_focus=True):
    """Values beside each other; left and right, digits and the mouse choose. The chosen one stands in brackets."""

    DEFAULT_CSS = "Choice { height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "The one before"),
        Binding("right,space", "step(1)", "The next one"),
    ]

    class Chosen(Message):
        """The user chose another value."""

        def __init__(self, choice: Widget) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, options: Sequence[tuple[Value, str]], value: Value, *, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._options = options
        self._value = value

    @property
    def value(self) -> Value:
        """The chosen value."""
        return self._value

    def show(self, value: Value) -> None:
        """Take the value that holds, without saying so."""
        if value != self._value:
            self._value = value
            self.refresh()

    def action_step(self, step: int) -> None:
        """Choose the neighbour, round the ends."""
        values = [value for value, _ in self._options]
        index = values.index(self._value) if self._value in values else 0
        self._choose((index + step) % len(values))

    def on_key(self, event: events.Key) -> None:
        """Choose by number."""
        if event.character is not None and event.character in "123456789"[: len(self._options)]:
            event.stop()
            self._choose(int(event.character) - 1)

    def on_click(self, event: events.Click) -> None:
        """Choose what is under the mouse."""
        end = 0
        for index, label in enumerate(self._labels()):
            end += len(label)
            if event.x < end:
                self._choose(index)
                return

    def _choose(self, index: int) -> None:
        value = self._options[index][0]
        if value != self._value:
            self._value = value
            self.refresh()
            self.post_message(self.Chosen(self))

    def _labels(self) -> list[str]:
        return [f" {label} " for _, label in self._options]

    def render(self) -> Content:
        """Return the row."""
        parts: list[tuple[str, str]] = []
        for (value, _), label in zip(self._options, self._labels(), strict=True):
            if value == self._value:
                parts.append((f"[{label[1:-1]}]", "bold reverse" if self.has_focus else "bold"))
            else:
                parts.append((label, "$muted"))
        return Content.assemble(*parts)
