"""The keys that matter now, on one line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget


class HintBar(Widget):
    """Key and word, key and word; from the left only as many as fit, the last ones always."""

    DEFAULT_CSS = "HintBar { height: 1; width: auto; }"
    GAP = "  "

    def __init__(self, hints: Sequence[tuple[str, str]], *, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._hints = hints

    def show(self, hints: Sequence[tuple[str, str]]) -> None:
        """Take the newest hints: the face of a key, and what it does."""
        if hints != self._hints:
            self._hints = hints
            self.refresh(layout=True)

    def get_content_width(self, container: object, viewport: object) -> int:
        """Return the width of all hints."""
        return sum(len(key) + len(word) + 1 + len(self.GAP) for key, word in self._hints)

    def render(self) -> Content:
        """Return the hints that fit."""
        hints = list(self._hints)
        while len(hints) > 2 and self._width(hints) > self.size.width:
            del hints[-3]
        parts: list[Content | tuple[str, str]] = []
        for key, word in hints:
            parts += [(key, "$accent bold"), (f" {word}{self.GAP}", "$muted")]
        return Content.assemble(*parts)

    def _width(self, hints: Sequence[tuple[str, str]]) -> int:
        return sum(len(key) + 1 + len(word) for key, word in hints) + len(self.GAP) * len(hints)
