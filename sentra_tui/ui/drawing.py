"""One row of a pane, as segments for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from sentra_tui.domain.briefing import CITATION
from sentra_tui.ui.virtual_rows import Part
from sentra_tui.ui.wrapping import wrap

GUTTER_MIN_WIDTH = 43
"""In a narrower view, in cells, the times of day make room for words."""
CITED = "cited"
"""What a segment calls the time that it cites, for the mouse."""
_PAD = " "
_TIME_CELLS = 9
_MARK_CELLS = 1
_SENTENCE_INDENT = 3
_UNDERLINED = Style(underline=True)


class RowSpec(NamedTuple):
    """All that decides how one row is drawn."""

    row: int
    voice: str
    mark: str
    time: str
    text: str
    tail_at: int
    """Where in `text` the words end."""
    remark_at: int
    """Where in `text` the remark of the entry begins."""
    tone: str
    cites: bool
    """Times in square brackets cite lines."""


def row_spec(part: Part, row: int, time: str, found: bool, cites: bool) -> RowSpec:
    """Return how row `row`, which shows `part`, is drawn; `time` stands beside the first row of an entry.

    An entry that was looked for, and `found`, is marked.
    """
    entry, begin, end = part
    is_first = begin == 0
    is_head = is_first and bool(entry.head)
    voice = "head" if is_head else entry.voice
    mark = "▸" if found else entry.mark
    return RowSpec(
        row=row,
        voice="found" if found else voice,
        mark=mark if is_first or found or entry.voice == "interim" else " ",
        time=time if is_first else "",
        text=entry.body[begin:end].rstrip("\n"),
        tail_at=end - begin if is_head else max(0, entry.tail_at - begin),
        remark_at=max(0, len(entry.body) - len(entry.remark) - begin),
        tone=entry.tone,
        cites=cites,
    )


class _Run(NamedTuple):
    """Characters of one look, from the run before it up to `end`."""

    end: int
    style: str
    cited: str = ""


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
        text = self._cut(spec.text)
        begin, end = selected or (0, 0)
        end = len(text) if end == -1 else min(end, len(text))
        padded = text + ("┄" if spec.voice == "rule" else " ") * (self.text_width - cell_len(text))
        left = 0
        for run in _runs(spec, len(padded)):
            for right in sorted({min(max(left, begin), run.end), min(max(left, end), run.end), run.end} - {left}):
                style = self._style(run.style)
                if run.cited:
                    style += self._cited(run.style) + Style.from_meta({CITED: run.cited})
                if begin <= left < end:
                    style += self._style("selection")
                segments.append(Segment(padded[left:right], style + Style.from_meta({"offset": (left, spec.row)})))
                left = right
        return self._fitted(segments)

    def _cited(self, voice: str) -> Style:
        return self._style("citation") if voice in ("words", "interim") else _UNDERLINED

    def _cut(self, text: str) -> str:
        """Return what fits of a row that was not wrapped."""
        if cell_len(text.rstrip()) <= self.text_width:
            return text
        return set_cell_size(text, self.text_width - 1).rstrip() + "…"

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


def _runs(spec: RowSpec, length: int) -> Iterator[_Run]:
    """Yield the looks of a row of `length` characters: words with their citations, what is quiet, and the remark."""
    if spec.voice == "rule":
        yield _Run(length, "aside")
        return
    words_end = min(spec.tail_at, length)
    if spec.cites and "[" in spec.text:
        for match in CITATION.finditer(spec.text, 0, words_end):
            yield _Run(match.start(), spec.voice)
            yield _Run(match.end(), spec.voice, match[1])
    yield _Run(words_end, spec.voice)
    yield _Run(max(words_end, min(spec.remark_at, length)), "aside")
    yield _Run(max(words_end, length), spec.tone if spec.remark_at < len(spec.text) else "aside")
