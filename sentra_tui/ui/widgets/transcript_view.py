"""One pane: a list of entries of any length, of which only the visible rows are ever drawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import ClassVar, Generic

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer

from sentra_tui.ui.drawing import RowPainter, RowSpec, row_spec
from sentra_tui.ui.entries import Entry
from sentra_tui.ui.virtual_rows import Item, Pages, Place, VirtualRows

BAR_PERIOD_S = 1.0
FOUND_S = 2.0
"""How long an entry that was looked for stays marked."""
_STRIPS_KEPT = 1024


class TranscriptView(ScrollView, Generic[Item], can_focus=True):
    """Shows entries, newest last, and follows them until the user scrolls away."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "transcript-view--aside",
        "transcript-view--bad",
        "transcript-view--below",
        "transcript-view--busy",
        "transcript-view--citation",
        "transcript-view--found",
        "transcript-view--good",
        "transcript-view--head",
        "transcript-view--interim",
        "transcript-view--mark",
        "transcript-view--struck",
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
        cites: bool = False,
        holds: Callable[[Item, Hashable], bool] | None = None,
    ) -> None:
        super().__init__(id=widget_id, classes=classes)
        self._rows = VirtualRows(present, key, holds)
        self._pages: Pages[Item] = ()
        self._started_at = 0.0
        self._strips: LRUCache[RowSpec, Strip] = LRUCache(_STRIPS_KEPT)
        self._styles: dict[str, Style] = {}
        self._painter = RowPainter(0, self._style)
        self._empty = empty
        self._seen = 0
        self._bar_moved_s = 0.0
        self._selection: Selection | None = None
        self._view_height = 0
        self._cites = cites
        self._found: Hashable | None = None
        self._found_timer: Timer | None = None
        self.follow = True

    @property
    def below(self) -> int:
        """How many entries came since the user scrolled away."""
        return 0 if self.follow else max(0, self._rows.count - self._seen)

    @property
    def in_view(self) -> list[Item]:
        """The items of which something is in view, oldest first."""
        top = self.scroll_offset.y
        rows = range(top, min(top + self._view_height, self._rows.height))
        places = dict.fromkeys(self._rows.locate(row) for row in rows)
        return [self._rows.item(place) for place in places]

    @property
    def chosen(self) -> Item | None:
        """The last item in which words are selected."""
        if self._selection is None or not self._rows.height:
            return None
        end = self._selection.end or self._selection.start
        row = self._rows.height - 1 if end is None else min(end.y, self._rows.height - 1)
        return self._rows.item(self._rows.locate(row))

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
        if self._painter.width:
            self._repaint(height, first_changed, anchor)
        if self.below != below:
            self.refresh(Region(0, self._view_height - 1, self._painter.width, 1))

    def _repaint(self, old_height: int, first_changed: int, anchor: tuple[Hashable, Place, int] | None) -> None:
        if self._rows.height != old_height:
            self._grow()
            self._keep_position(anchor)
        if not old_height:
            first_changed = 0
        top = max(0, first_changed - self.scroll_offset.y)
        if top < self._view_height:
            self.refresh(Region(0, top, self._painter.width, self._view_height - top))

    def _grow(self) -> None:
        """Take the new number of rows; the setter would lay the whole screen out again for it."""
        self.set_reactive(ScrollView.virtual_size, Size(self._painter.width, self._rows.height))

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
            self._jump(self.max_scroll_y)
        elif anchor is not None:
            key, place, offset = anchor
            found = self._rows.find(key, place)
            if found is not None:
                self._jump(self._rows.top(found) + min(offset, len(self._rows.rows(found)) - 1))

    def _jump(self, row: int) -> None:
        self.scroll_target_y = row
        self.scroll_y = row

    def on_resize(self, event: events.Resize) -> None:
        """Wrap to the new width, with the entry at the top, or the newest one, where it was."""
        width, self._view_height = self.scrollable_content_region.size
        anchor = self._anchor()
        if width != self._painter.width:
            self._painter = RowPainter(width, self._style)
            self._rows.wrap_to(self._painter.text_width)
            self._strips.clear()
            if self._selection is not None:
                self.screen.clear_selection()
            self._grow()
        self._keep_position(anchor)
        self._move_bar()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow again at the end; stop following anywhere else.

        While the view follows, its scroll bar moves once a second: drawn with every row it would cost as much as they.
        """
        if round(old_value) != round(new_value):
            self.refresh(Region(0, 0, self._painter.width, self._view_height))
        follow = new_value >= self.max_scroll_y - 0.5
        if not follow or not self.follow:
            self._move_bar()
        if follow is not self.follow:
            self.follow = follow
            self._seen = self._rows.count

    def action_scroll_end(self) -> None:
        """Go to the newest entry and follow."""
        self.follow = True
        self._jump(self.max_scroll_y)
        self.refresh()

    def find(self, key: Hashable) -> bool:
        """Bring the item of this key into view, and mark it for a moment; return whether it is there."""
        place = self._rows.place_of(key)
        if place is None:
            return False
        top, height = self._rows.top(place), len(self._rows.rows(place))
        self.follow = False
        self._seen = self._rows.count
        self._jump(min(self.max_scroll_y, max(0, top - max(0, self._view_height - height) // 2)))
        self.follow = self.scroll_y >= self.max_scroll_y - 0.5
        self._move_bar()
        self._mark_found(self._rows.key_at(place))
        return True

    def _mark_found(self, key: Hashable | None) -> None:
        if self._found_timer is not None:
            self._found_timer.stop()
        self._found = key
        self._found_timer = None if key is None else self.set_timer(FOUND_S, lambda: self._mark_found(None))
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
            return self._painter.below(self.below)
        if not self._rows.height:
            return self._painter.sentence(self._empty, y)
        if row >= self._rows.height:
            return self._painter.blank()
        spec = self._spec(row)
        if self._selection is not None and (span := self._selection.get_span(row)) is not None:
            return self._painter.row(spec, span)
        strip = self._strips.get(spec)
        if strip is None:
            strip = self._strips[spec] = self._painter.row(spec, None)
        return strip

    def _spec(self, row: int) -> RowSpec:
        part = self._rows.part(row)
        time_of_day = self._time_of_day(part.entry.at_ms) if part.begin == 0 and self._painter.has_times else ""
        found = self._found is not None and self._rows.key_at(self._rows.locate(row)) == self._found
        return row_spec(part, row, time_of_day, found, self._cites)

    def _time_of_day(self, at_ms: int) -> str:
        return time.strftime("%H:%M:%S", time.localtime(self._started_at + at_ms / 1000))

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
        """Return the selected words."""
        if not self._rows.height:
            return None
        first, last = selection
        begin = (first.y, first.x) if first else (0, 0)
        end = (last.y, last.x) if last else (self._rows.height - 1, None)
        return self._rows.text(begin, end), "\n"
