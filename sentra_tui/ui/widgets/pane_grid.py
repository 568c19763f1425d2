"""How the panes share the screen."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

from textual.containers import Container
from textual.widget import Widget

ASSISTANTS = 2
COLUMN_MIN_CELLS = 40
_ALONE = ("-narrow", "-zoomed")


class PaneGrid(Container):
    """Transcripts above, assistants below, as the stylesheet has it; more than two transcripts share the row above."""

    def __init__(self) -> None:
        super().__init__(id="panes")
        self._transcripts: list[Widget] = []
        self._assistants: list[Widget] = []

    @property
    def is_filled(self) -> bool:
        """Whether the first panes are in their places."""
        return bool(self._transcripts)

    async def put(self, transcripts: Sequence[Widget], assistants: Sequence[Widget]) -> None:
        """Put the first panes in their places."""
        await self.mount(*transcripts, *assistants)
        self._transcripts, self._assistants = list(transcripts), list(assistants)

    def add(self, pane: Widget) -> None:
        """Put one more transcript beside the others."""
        self.mount(pane, after=self._transcripts[-1])
        self._transcripts.append(pane)
        self.share_out()

    def on_resize(self) -> None:
        """Share out the new size."""
        self.share_out()

    def share_out(self) -> None:
        """Share out the columns, where the stylesheet cannot: it knows of four panes, or of one that stands alone."""
        above, below = len(self._transcripts), len(self._assistants)
        if above <= ASSISTANTS:
            return
        one_row = self.screen.has_class("-wide") and self.size.width >= (above + below) * COLUMN_MIN_CELLS
        if any(map(self.screen.has_class, _ALONE)):
            self._span(None, None, None, None)
        elif one_row:
            self._span(above + below, 1, 1, 1)
        else:
            columns = lcm(above, below)
            self._span(columns, 2, columns // above, columns // below)

    def _span(self, columns: int | None, rows: int | None, above: int | None, below: int | None) -> None:
        """Set the grid and how many columns a pane has; None leaves it to the stylesheet."""
        self.styles.grid_size_columns = columns
        self.styles.grid_size_rows = rows
        for panes, span in ((self._transcripts, above), (self._assistants, below)):
            for pane in panes:
                pane.styles.column_span = span
