"""One row of words."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class Line(Widget):
    """A single row of fixed place, cut with an ellipsis where it is too long; repainted only when it changes."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, content: Content | None = None, *, widget_id: str | None = None, classes: str = "") -> None:
        super().__init__(id=widget_id, classes=classes)
        self._content = content or Content("")

    def show(self, content: Content, tone: str = "") -> None:
        """Take newer words; `tone` is the class that colours them."""
        if tone and not self.has_class(f"-{tone}"):
            self.set_classes([f"-{tone}"])
        if not content.is_same(self._content):
            self._content = content
            self.refresh()

    def render(self) -> Content:
        """Return the words that fit."""
        return self._content.truncate(self.size.width, ellipsis=True)
