"""Devices to choose from, each with its level as it is just now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sentra_tui.domain.audio import meter_position
from sentra_tui.domain.sound import DeviceLevel
from sentra_tui.ui.device_rows import DeviceRow, Heading, Row, Sentence
from sentra_tui.ui.widgets.meter import bar_text, level_tone
from sentra_tui.ui.wrapping import wrap

MARGIN_CELLS = 4
FACTS_MIN_WIDTH = 66
METER_CELLS = 12
_EIGHTHS = 8
_UNHEARD = "not heard"


class _Shown(NamedTuple):
    """All that decides how a meter is drawn."""

    eighths: int = 0
    tone: str = "good"
    heard: bool = True


class DeviceList(ScrollView, can_focus=True):
    """Rows under headings; only what changed is painted again."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "device-list--cursor",
        "device-list--heading",
        "device-list--hot",
        "device-list--in-use",
        "device-list--quiet",
        "device-list--warm",
        "device-list--good",
    }
    DEFAULT_CSS = "DeviceList { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "The one before"),
        Binding("down", "step(1)", "The next one"),
        Binding("pageup", "step(-8)", "A page up"),
        Binding("pagedown", "step(8)", "A page down"),
        Binding("home", "step(-10000)", "The first one"),
        Binding("end", "step(10000)", "The last one"),
        Binding("shift+tab", "step_section(-1)", "The heading before"),
        Binding("tab", "step_section(1)", "The next heading"),
        Binding("enter,space", "choose", "Choose"),
    ]

    class Chosen(Message):
        """The user chose a row."""

        def __init__(self, row: DeviceRow) -> None:
            super().__init__()
            self.row = row

    class Moved(Message):
        """The cursor stands on another row, or its row says something else."""

    def __init__(self, *, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._given: tuple[Row, ...] = ()
        self._rows: list[Row] = []
        self._cursor = 0
        self._levels: dict[str, DeviceLevel] = {}
        self._meters: dict[str, _Shown] = {}
        self._pending: dict[str, str] = {}

    @property
    def row(self) -> DeviceRow | None:
        """The row under the cursor."""
        row = self._rows[self._cursor] if self._cursor < len(self._rows) else None
        return row if isinstance(row, DeviceRow) else None

    def level_of(self, row: DeviceRow) -> DeviceLevel | None:
        """Return how loud the device of a row is, where that is known."""
        return self._levels.get(row.meter)

    def show(self, rows: tuple[Row, ...]) -> None:
        """Take the newest rows; the cursor stays on its row, and begins on the first that is in use."""
        under = self.row
        self._given = rows
        for row in rows:
            if isinstance(row, DeviceRow) and row.in_use and self._pending.get(row.target) == row.source:
                del self._pending[row.target]
        self._lay_out()
        same = (i for i, row in enumerate(self._rows) if under is not None and _is_same(row, under))
        places = [(i, row) for i, row in enumerate(self._rows) if isinstance(row, DeviceRow)]
        first = places[0] if places else (0, None)
        used = (i for i, row in places if row.in_use and first[1] is not None and row.target == first[1].target)
        self._cursor = next(same, next(used, first[0]))
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def measure(self, levels: Sequence[DeviceLevel]) -> None:
        """Take the newest levels; only the rows whose meter moved by an eighth of a cell are painted."""
        self._levels = {level.source: level for level in levels}
        meters = {source: self._quantised(level) for source, level in self._levels.items()}
        moved = {source for source in {*meters, *self._meters} if meters.get(source) != self._meters.get(source)}
        self._meters = meters
        top = self.scroll_offset.y
        for y, row in enumerate(self._rows[top : top + self.size.height]):
            if isinstance(row, DeviceRow) and row.meter in moved:
                self.refresh(Region(0, y, self._width, 1))

    def wait_for(self, row: DeviceRow) -> None:
        """Mark a row as asked for, until it is in use."""
        self._pending[row.target] = row.source
        self.refresh()

    def _quantised(self, level: DeviceLevel) -> _Shown:
        eighths = round(meter_position(level.rms_dbfs) * self._meter_cells * _EIGHTHS)
        return _Shown(eighths, level_tone(level.rms_dbfs, level.peak_dbfs), not level.cause)

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _meter_cells(self) -> int:
        return METER_CELLS if self._width >= FACTS_MIN_WIDTH else METER_CELLS - 4

    def on_resize(self) -> None:
        """Take the new width."""
        self._lay_out()
        self._meters = {source: self._quantised(level) for source, level in self._levels.items()}
        self._reveal()
        self.refresh()

    def _lay_out(self) -> None:
        width = max(10, self._width)
        under, self._rows = self.row, []
        for row in self._given:
            if isinstance(row, Sentence):
                starts = wrap(row.text, width - MARGIN_CELLS)
                ends = [*starts[1:], None]
                self._rows += [Sentence(row.text[a:b].strip()) for a, b in zip(starts, ends, strict=True)]
            else:
                self._rows.append(row)
        if under is not None and under in self._rows:
            self._cursor = self._rows.index(under)
        self.virtual_size = Size(width, len(self._rows))

    def action_step(self, step: int) -> None:
        """Go on by so many rows that can be chosen, at most to the end."""
        places = [i for i, row in enumerate(self._rows) if isinstance(row, DeviceRow)]
        if places:
            at = sum(place < self._cursor for place in places)
            self._go_to(places[min(len(places) - 1, max(0, at + step))])

    def action_step_section(self, step: int) -> None:
        """Go to the first row under the next heading, round the ends."""
        heads = [i for i, row in enumerate(self._rows) if isinstance(row, Heading)]
        if not heads:
            return
        current = sum(head < self._cursor for head in heads) - 1
        head = heads[(current + step) % len(heads)]
        places = (i for i in range(head, len(self._rows)) if isinstance(self._rows[i], DeviceRow))
        self._go_to(next(places, self._cursor))

    def action_choose(self) -> None:
        """Choose what is under the cursor."""
        if self.row is not None:
            self.post_message(self.Chosen(self.row))

    def on_click(self, event: events.Click) -> None:
        """Choose what is under the mouse."""
        place = self.scroll_offset.y + event.y
        if place < len(self._rows) and isinstance(self._rows[place], DeviceRow):
            self._go_to(place)
            self.action_choose()

    def _go_to(self, place: int) -> None:
        self._cursor = place
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def _reveal(self) -> None:
        """Bring the row under the cursor into view, with its heading where it is the first."""
        top = self._cursor
        while top and not isinstance(self._rows[top - 1], DeviceRow):
            top -= 1
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)
        elif self._cursor >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=self._cursor - self.size.height + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        """Return row `y` of the view."""
        place, width = self.scroll_offset.y + y, self._width
        row = self._rows[place] if place < len(self._rows) else Sentence("")
        if isinstance(row, DeviceRow):
            segments = self._device(row, place == self._cursor)
        elif isinstance(row, Heading):
            segments = [Segment(set_cell_size(row.text, width), self._style("heading"))]
        else:
            segments = [Segment(set_cell_size(" " * MARGIN_CELLS + row.text, width), self._style("quiet"))]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _device(self, row: DeviceRow, under_cursor: bool) -> list[Segment]:
        meter = self._meter(row)
        room = self._width - MARGIN_CELLS - sum(segment.cell_length for segment in meter) - 1
        facts_cells = room * 2 // 5 if self._width >= FACTS_MIN_WIDTH else 0
        sign = "◌" if self._pending.get(row.target) == row.source else "●" if row.in_use else " "
        name = self._style("in-use") if row.in_use else self.rich_style
        words = self._style("cursor") if under_cursor else name
        return [
            Segment("▸ " if under_cursor else "  ", name),
            Segment(f"{sign} ", self._style("in-use")),
            Segment(_fitted(row.name, room - facts_cells), words),
            Segment(_fitted(f"  {row.facts}", facts_cells) if facts_cells else "", self._style("quiet")),
            Segment(" ", self.rich_style),
            *meter,
        ]

    def _meter(self, row: DeviceRow) -> list[Segment]:
        quiet, cells = self._style("quiet"), self._meter_cells
        shown = self._meters.get(row.meter)
        if shown is None:
            return [Segment(" " * (cells + 2), quiet)]
        if not shown.heard:
            return [Segment(set_cell_size(f" {_UNHEARD}", cells + 2), quiet)]
        bar = Segment(bar_text(shown.eighths, cells), self._style(shown.tone))
        return [Segment("▕", quiet), bar, Segment("▏", quiet)]

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"device-list--{part}")


def _is_same(row: Row, other: DeviceRow) -> bool:
    return isinstance(row, DeviceRow) and (row.target, row.source) == (other.target, other.source)


def _fitted(text: str, cells: int) -> str:
    """Return a text in just so many cells, cut with an ellipsis."""
    fitted = set_cell_size(text, cells)
    if fitted.rstrip() == text.rstrip():
        return fitted
    # A wide character in which the cut falls leaves a cell to fill.
    return set_cell_size(set_cell_size(text, max(0, cells - 1)).rstrip() + "…", cells)
