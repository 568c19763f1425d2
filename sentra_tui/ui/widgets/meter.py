"""How loud a source is, in a dozen cells."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from sentra_tui.domain.audio import SILENCE_DBFS, meter_position

_BLOCKS = " ▏▎▍▌▋▊▉█"
_EIGHTHS = 8
_LABEL_CELLS = 6
LABEL_MIN_WIDTH = 18
WARM_DBFS = -12.0
HOT_DBFS = -3.0
PEAK_FALL_DB = 1.5
"""How far the peak mark falls with each measurement: 22 dB/s at 15 Hz."""
LABEL_EVERY = 5
"""The number changes at a third of the rate of the bar: it is read, not watched."""


def bar_text(eighths: int, cells: int) -> str:
    """Return a bar of so many eighths of a cell, in `cells` cells."""
    full, part = divmod(eighths, _EIGHTHS)
    return ("█" * full + (_BLOCKS[part] if part else "")).ljust(cells)[:cells]


def level_tone(rms_dbfs: float, peak_dbfs: float) -> str:
    """Return whether a level is `good`, `warm` or `hot`."""
    return "hot" if peak_dbfs >= HOT_DBFS else "warm" if rms_dbfs >= WARM_DBFS else "good"


class _Shown(NamedTuple):
    eighths: int
    peak_cell: int
    label: str
    tone: str


class Meter(Widget):
    """A bar with a peak mark and the level in dBFS; repainted only when a cell of it changes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"meter--frame", "meter--hot", "meter--warm"}
    DEFAULT_CSS = "Meter { height: 1; width: 22; }"

    def __init__(self) -> None:
        super().__init__()
        self._rms_dbfs = SILENCE_DBFS
        self._peak_dbfs = SILENCE_DBFS
        self._instead = ""
        self._label = ""
        self._measurements = 0
        self._shown = _Shown(0, 0, "", "good")

    @property
    def cells(self) -> int:
        """How many cells the bar has, its frame not counted."""
        return max(1, self.size.width - self._label_cells - 2)

    @property
    def _label_cells(self) -> int:
        """The number makes room for the bar where both do not fit."""
        return _LABEL_CELLS if self.size.width >= LABEL_MIN_WIDTH else 0

    def show(self, rms_dbfs: float, peak_dbfs: float, cover: str = "") -> None:
        """Take the newest measurement; a cover stands in place of the bar, its first word where that is short."""
        self._rms_dbfs = rms_dbfs
        self._peak_dbfs = max(peak_dbfs, self._peak_dbfs - PEAK_FALL_DB)
        if cover != self._instead or self._measurements % LABEL_EVERY == 0:
            self._label = "" if rms_dbfs <= SILENCE_DBFS else f"{rms_dbfs:.0f}dB"
        self._measurements += 1
        self._instead = cover
        shown = self._quantised()
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def on_resize(self) -> None:
        """Measure again in the new number of cells."""
        self._shown = self._quantised()
        self.refresh()

    def _quantised(self) -> _Shown:
        if self._instead:
            return _Shown(0, 0, self._label, self._instead)
        eighths = round(meter_position(self._rms_dbfs) * self.cells * _EIGHTHS)
        peak_cell = min(self.cells - 1, int(meter_position(self._peak_dbfs) * self.cells))
        return _Shown(eighths, peak_cell, self._label, level_tone(self._rms_dbfs, self._peak_dbfs))

    def render_line(self, y: int) -> Strip:
        """Return the bar."""
        frame = self._style("frame")
        label = Segment(self._shown.label.rjust(_LABEL_CELLS)[: self._label_cells], frame)
        if self._instead:
            fits = len(self._instead) <= self.cells
            words = self._instead if fits else self._instead.partition(" ")[0]
            bar = [Segment(words.center(self.cells)[: self.cells], self._style("warm"))]
        else:
            bar = self._bar()
        return Strip([Segment("▕", frame), *bar, Segment("▏", frame), label]).adjust_cell_length(self.size.width)

    def _bar(self) -> list[Segment]:
        full, part = divmod(self._shown.eighths, _EIGHTHS)
        filled = bar_text(self._shown.eighths, self.cells)
        used = full + (part > 0)
        style, peak = self._style(self._shown.tone), self._shown.peak_cell
        if peak < used or not peak:
            return [Segment(filled, style)]
        return [
            Segment(filled[:peak], style),
            Segment("│", self._style("frame")),
            Segment(filled[peak + 1 :], style),
        ]

    def _style(self, part: str) -> Style:
        return self.rich_style if part == "good" else self.get_component_rich_style(f"meter--{part}")
