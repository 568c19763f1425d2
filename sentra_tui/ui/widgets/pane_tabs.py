"""The names of the panes, where only one of them fits."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class PaneTabs(Widget):
    """One tab a pane; a dot marks a pane that has something new."""

    DEFAULT_CSS = "PaneTabs { height: 1; }"

    class Chosen(Message):
        """The user clicked a tab."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, titles: Sequence[str], *, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._titles = titles
        self._active = 0
        self._news: frozenset[int] = frozenset()

    def show(self, active: int, news: frozenset[int]) -> None:
        """Take which pane is active, and which have something new."""
        if (active, news) != (self._active, self._news):
            self._active, self._news = active, news
            self.refresh()

    def show_titles(self, titles: Sequence[str]) -> None:
        """Take the names of the tabs."""
        self._titles = titles
        self.refresh()

    def _labels(self) -> list[str]:
        return [
            f" {index + 1} {title}{'•' if index in self._news else ' '} " for index, title in enumerate(self._titles)
        ]

    def render(self) -> Content:
        """Return the tabs; the active one stands between brackets, reversed."""
        parts: list[str | tuple[str, str]] = []
        for index, label in enumerate(self._labels()):
            active = index == self._active
            parts.append((f"[{label[1:-1]}]", "bold reverse") if active else (label, "$muted"))
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the mouse."""
        end = 0
        for index, label in enumerate(self._labels()):
            end += len(label)
            if event.x < end:
                self.post_message(self.Chosen(index))
                return
