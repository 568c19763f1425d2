"""One pane: a list of entries of any length, of which only the visible rows are ever drawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import ClassVar, Generic, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from sentra_tui.ui.entries import Entry
from sentra_tui.ui.virtual_rows import Item, Pages, Place, VirtualRows
from sentra_tui.ui.wrapping import wrap

GUTTER_MIN_WIDTH = 42
"""Below this width, in cells, the times of day make room for words."""
_TIME_CELLS = 9
_MARK_CELLS = 1
_STRIPS_KEPT = 1024
BAR_PERIOD_S = 1.0


class _Row(NamedTuple):
    """All that decides how one row is drawn."""

    row: int
    entry_voice: str
    mark: str
    time: str
    text: str
    remark_at: int
    """Where in `text` the remark of the entry begins."""


class TranscriptView(ScrollView, Generic[Item], can_focus=True):
    """Shows entries, newest last, and follows them until the user scrolls away."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "transcript-view--aside",
        "transcript-view--below",
        "transcript-view--interim",
        "transcript-view--mark",
    }
    BINDINGS: ClassVar[list[BindingType]] = [Binding("end", "scroll_end", "Follow what is new", id="pane.follow")]
    DEFAULT_CSS = """
    TranscriptView {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(
        self,
        present: Callable[[Item], Entry],
        key: Callable[[Item], Hashable],
        *,
        widget_id: str,
        classes: str = "",
        empty: str = "",
    ) -> None:
        super().__init__(id=widget_id, classes=classes)
        self._present = present
        self._rows = VirtualRows(present, key)
        self._pages: Pages[Item] = ()
        self._started_at = 0.0
        self._strips: LRUCache[_Row, Strip] = LRUCache(_STRIPS_KEPT)
        self._styles: dict[str, Style] = {}
        self._view_width = 0
        """How many cells there are beside the scroll bar."""
        self._width = 0
        """How many of them are for words."""
        self._empty = empty
        self._seen = 0
        self._bar_moved_s = 0.0
        self._selection: Selection | None = None
        self._view_height = 0
        self.follow = True

    @property
    def below(self) -> int:
        """How many entries came since the user scrolled away."""
        return 0 if self.follow else max(0, self._rows.count - self._seen)

    @property
    def pages(self) -> Pages[Item]:
        """The pages that are shown."""
        return self._pages

    @property
    def empty(self) -> str:
        """What is said while there is no entry."""
        return self._empty

    @empty.setter
    def empty(self, sentence: str) -> None:
        if sentence != self._empty:
            self._empty = sentence
            if not self._rows.height:
                self.refresh()

    def show(self, pages: Pages[Item], started_at: float) -> None:
        """Take the newest `pages`; `started_at` is the wall clock to which the times of entries are added."""
        if started_at != self._started_at:
            self._started_at = started_at
            self.refresh()
        if time.monotonic() - self._bar_moved_s >= BAR_PERIOD_S:
            self._move_bar()
        if pages is self._pages:
            return
        self._pages = pages
        anchor = self._anchor()
        height, below = self._rows.height, self.below
        first_changed = self._rows.show(pages)
        if self._width:
            self._repaint(height, first_changed, anchor)
        if self.below != below:
            self.refresh(Region(0, self._view_height - 1, self._view_width, 1))

    def _repaint(self, old_height: int, first_changed: int, anchor: tuple[Hashable, Place, int] | None) -> None:
        if self._rows.height != old_height:
            self._grow()
            self._keep_position(anchor)
        if not old_height:
            first_changed = 0
        top = max(0, first_changed - self.scroll_offset.y)
        if top < self._view_height:
            self.refresh(Region(0, top, self._view_width, self._view_height - top))

    def _grow(self) -> None:
        """Take the new number of rows; the setter would lay the whole screen out again for it."""
        self.set_reactive(ScrollView.virtual_size, Size(self._view_width, self._rows.height))

    def _move_bar(self) -> None:
        """Bring the scroll bar up to date."""
        self._bar_moved_s = time.monotonic()
        bar = self.vertical_scrollbar
        bar.window_virtual_size = self._rows.height
        bar.window_size = self._view_height
        bar.position = self.scroll_y

    def _anchor(self) -> tuple[Hashable, Place, int] | None:
        """Return what stands at the top of the view, to find it again when rows above it come and go."""
        row = self.scroll_offset.y
        if self.follow or row >= self._rows.height:
            return None
        place = self._rows.locate(row)
        return self._rows.key_at(place), place, row - self._rows.top(place)

    def _keep_position(self, anchor: tuple[Hashable, Place, int] | None) -> None:
        if self.follow:
            self.scroll_to(y=self.max_scroll_y, animate=False)
        elif anchor is not None:
            key, place, offset = anchor
            found = self._rows.find(key, place)
            if found is not None:
                offset = min(offset, len(self._rows.rows(found)) - 1)
                self.scroll_to(y=self._rows.top(found) + offset, animate=False)

    @property
    def _text_column(self) -> int:
        gutter = _TIME_CELLS if self._view_width >= GUTTER_MIN_WIDTH else 0
        return gutter + _MARK_CELLS

    def on_resize(self, event: events.Resize) -> None:
        """Wrap to the new width, with the entry at the top, or the newest one, where it was."""
        self._view_width, self._view_height = self.scrollable_content_region.size
        width = max(2, self._view_width - self._text_column)
        if width != self._width:
            anchor = self._anchor()
            self._width = width
            self._rows.wrap_to(width)
            self._strips.clear()
            if self._selection is not None:
                self.screen.clear_selection()
            self._grow()
            self._keep_position(anchor)
        elif self.follow:
            self._keep_position(None)
        self._move_bar()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow again at the end; stop following anywhere else.

        While the view follows, its scroll bar moves once a second: drawn with every row it would cost as much as they.
        """
        if round(old_value) != round(new_value):
            self.refresh(Region(0, 0, self._view_width, self._view_height))
        follow = new_value >= self.max_scroll_y - 0.5
        if not follow or not self.follow:
            self._move_bar()
        if follow is not self.follow:
            self.follow = follow
            self._seen = self._rows.count

    def action_scroll_end(self) -> None:
        """Go to the newest entry and follow."""
        self.follow = True
        self.scroll_to(y=self.max_scroll_y, animate=False)
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget what was drawn in the old colours."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self._selection = selection
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return row `y` of the view."""
        row = self.scroll_offset.y + y
        if y == self._view_height - 1 and self.below:
            return self._below_strip()
        if not self._rows.height:
            return self._empty_strip(y)
        if row >= self._rows.height or not self._width:
            return Strip.blank(self._view_width, self._style("words"))
        spec = self._row(row)
        if self._selection is not None and (span := self._selection.get_span(row)) is not None:
            return self._strip(spec, span)
        strip = self._strips.get(spec)
        if strip is None:
            strip = self._strips[spec] = self._strip(spec, None)
        return strip

    def _row(self, row: int) -> _Row:
        place = self._rows.locate(row)
        entry = self._present(self._rows.item(place))
        index = row - self._rows.top(place)
        begin, end = self._bounds(place, index, entry)
        shown_time = self._time_of_day(entry.at_ms) if index == 0 and self._text_column > _MARK_CELLS else ""
        mark = entry.mark if index == 0 or entry.voice == "interim" else " "
        text = entry.body[begin:end].rstrip("\n")
        return _Row(row, entry.voice, mark, shown_time, text, max(0, len(entry.text) - begin))

    def _bounds(self, place: Place, index: int, entry: Entry) -> tuple[int, int]:
        rows = self._rows.rows(place)
        return rows[index], rows[index + 1] if index + 1 < len(rows) else len(entry.body)

    def _time_of_day(self, at_ms: int) -> str:
        return time.strftime("%H:%M:%S", time.localtime(self._started_at + at_ms / 1000))

    def _strip(self, spec: _Row, selected: tuple[int, int] | None) -> Strip:
        """Draw one row in few segments, each a colour change for the terminal.

        A segment says which characters it stands for, so that the mouse can select them.
        """
        gutter = spec.time.ljust(self._text_column - _MARK_CELLS)
        if spec.mark == " ":
            segments = [Segment(gutter + spec.mark, self._style("aside"))]
        else:
            segments = [Segment(gutter, self._style("aside")), Segment(spec.mark, self._style("mark"))]
        text, remark_at = spec.text, min(spec.remark_at, len(spec.text))
        begin, end = (0, 0) if selected is None else selected
        end = len(text) if end == -1 else min(end, len(text))
        padded = text + " " * (self._view_width - self._text_column - cell_len(text))
        bounds = sorted({0, remark_at, len(padded), min(begin, end), end} - {0}) or [0]
        left = 0
        for right in bounds:
            style = self._style(spec.entry_voice if left < remark_at else "aside")
            if begin <= left < end:
                style += self._style("selection")
            segments.append(Segment(padded[left:right], style + Style.from_meta({"offset": (left, spec.row)})))
            left = right
        return Strip(segments).adjust_cell_length(self._view_width, self._style("words"))

    def _below_strip(self) -> Strip:
        text = f" ↓ {self.below} new below · end "
        pad = max(0, self._view_width - len(text))
        words = self._style("words")
        segments = [Segment(" " * (pad // 2), words), Segment(text, self._style("below"))]
        return Strip(segments).adjust_cell_length(self._view_width, words)

    def _empty_strip(self, y: int) -> Strip:
        words, aside = self._style("words"), self._style("aside")
        width = max(2, self._view_width - 4)
        rows = wrap(self._empty, width)
        if not 1 <= y <= len(rows):
            return Strip.blank(self._view_width, words)
        text = self._empty[rows[y - 1] : rows[y] if y < len(rows) else None]
        return Strip([Segment("  ", words), Segment(text, aside)]).adjust_cell_length(self._view_width, words)

    def _style(self, part: str) -> Style:
        style = self._styles.get(part)
        if style is None:
            if part == "words":
                style = self.rich_style
            elif part == "selection":
                style = self.screen.get_component_rich_style("screen--selection")
            else:
                style = self.get_component_rich_style(f"transcript-view--{part}")
            self._styles[part] = style
        return style

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected words; rows of one entry are joined as they were before wrapping."""
        if not self._rows.height:
            return None
        first, last = selection.start, selection.end
        begin_row, begin_column = (first.y, first.x) if first else (0, 0)
        end_row, end_column = (last.y, last.x) if last else (self._rows.height - 1, None)
        begin_row = max(0, begin_row)
        end_row = min(end_row, self._rows.height - 1)
        parts: list[str] = []
        for row in range(begin_row, end_row + 1):
            place = self._rows.locate(row)
            entry = self._present(self._rows.item(place))
            begin, end = self._bounds(place, row - self._rows.top(place), entry)
            right = end if row != end_row or end_column is None else min(end, begin + end_column)
            left = begin + begin_column if row == begin_row else begin
            parts.append(entry.body[left:right])
            if end == len(entry.body) and row != end_row:
                parts.append("\n")
        return "".join(parts), "\n"
