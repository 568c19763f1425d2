"""One row of a pane, as segments for the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from sentra_tui.ui.wrapping import wrap

GUTTER_MIN_WIDTH = 43
"""In a narrower view, in cells, the times of day make room for words."""
_PAD = " "
_TIME_CELLS = 9
_MARK_CELLS = 1
_SENTENCE_INDENT = 3


class RowSpec(NamedTuple):
    """All that decides how one row is drawn."""

    row: int
    voice: str
    mark: str
    time: str
    text: str
    remark_at: int
    """Where in `text` the remark of the entry begins."""


class RowPainter:
    """Draws rows of `width` cells, in the styles that `style` gives for the name of a part."""

    def __init__(self, width: int, style: Callable[[str], Style]) -> None:
        self.width = width
        self._style = style
        self.has_times = width >= GUTTER_MIN_WIDTH
        self._gutter_cells = len(_PAD) + (_TIME_CELLS if self.has_times else 0)

    @property
    def text_width(self) -> int:
        """How many cells are for words."""
        return max(2, self.width - self._gutter_cells - _MARK_CELLS)

    def row(self, spec: RowSpec, selected: tuple[int, int] | None) -> Strip:
        """Return a row in few segments, each a change of colour; the characters from, and before, are selected.

        A segment says which characters it stands for, so that the mouse can select them.
        """
        segments = self._margin(spec)
        text = spec.text
        begin, end = selected or (0, 0)
        end = len(text) if end == -1 else min(end, len(text))
        padded = text + " " * (self.text_width - cell_len(text))
        remark_at = min(spec.remark_at, len(padded))
        left = 0
        for right in sorted({remark_at, min(begin, end), end, len(padded)} - {0}):
            style = self._style(spec.voice if left < remark_at else "aside")
            if begin <= left < end:
                style += self._style("selection")
            segments.append(Segment(padded[left:right], style + Style.from_meta({"offset": (left, spec.row)})))
            left = right
        return self._fitted(segments)

    def _margin(self, spec: RowSpec) -> list[Segment]:
        gutter = (_PAD + spec.time).ljust(self._gutter_cells)
        if spec.mark == " ":
            return [Segment(gutter + spec.mark, self._style("aside"))]
        return [Segment(gutter, self._style("aside")), Segment(spec.mark, self._style("mark"))]

    def below(self, count: int) -> Strip:
        """Return the row that stands last while newer entries are out of view."""
        text = f" ↓ {count} new below · end "
        pad = max(0, self.width - len(text)) // 2
        return self._fitted([Segment(" " * pad, self._style("words")), Segment(text, self._style("below"))])

    def sentence(self, sentence: str, y: int) -> Strip:
        """Return row `y` of a view that has only this to say."""
        rows = wrap(sentence, max(2, self.width - 2 * _SENTENCE_INDENT))
        if not 1 <= y <= len(rows):
            return self.blank()
        text = sentence[rows[y - 1] : rows[y] if y < len(rows) else None]
        return self._fitted(
            [Segment(" " * _SENTENCE_INDENT, self._style("words")), Segment(text, self._style("aside"))]
        )

    def blank(self) -> Strip:
        """Return an empty row."""
        return Strip.blank(self.width, self._style("words"))

    def _fitted(self, segments: list[Segment]) -> Strip:
        return Strip(segments).adjust_cell_length(self.width, self._style("words"))
