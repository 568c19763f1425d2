"""One row of words, or two."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from sentra_tui.ui.wrapping import wrap


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


class Headline(Line):
    """Words with others aside, at the right end, which have their room first; a second row is used if it is there."""

    GAP = 2
    """Cells between the words and what stands aside."""

    def __init__(self, content: Content, *, widget_id: str, classes: str) -> None:
        super().__init__(content, widget_id=widget_id, classes=classes)
        self._aside = Content("")

    def show(self, content: Content, tone: str = "", aside: Content | None = None) -> None:
        """Take newer words, and what stands aside of them."""
        aside = aside or Content("")
        if not aside.is_same(self._aside):
            self._aside = aside
            self.refresh()
        super().show(content, tone)

    def on_resize(self) -> None:
        """Use the rows that there are now."""
        self.refresh()

    @property
    def fits(self) -> bool:
        """Whether all words fit on the first row."""
        return not self.size.width or self._content.cell_length <= self._room

    @property
    def _room(self) -> int:
        aside = self._aside.cell_length
        return max(2, self.size.width - aside - (self.GAP if aside else 0))

    def render(self) -> Content:
        """Return the words that fit, and what stands aside."""
        words, rest = self._content, Content("")
        if self.size.height > 1 and not self.fits:
            starts = wrap(words.plain, self._room)
            words, rest = words[: starts[1]].rstrip(), words[starts[1] :]
        words = words.truncate(self._room, ellipsis=True)
        space = " " * (self.size.width - words.cell_length - self._aside.cell_length)
        first = Content.assemble(words, space, self._aside) if self._aside else words
        if not rest:
            return first
        return Content.assemble(first, "\n  ", rest.truncate(max(2, self.size.width - 2), ellipsis=True))
