"""Which rows of the event log and of the wire are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain.state import LogRow, WireRow

Way = Literal["", "in", "out"]
WAYS: tuple[Way, ...] = ("", "in", "out")
_WAY_WORDS = {"in": "← incoming", "out": "→ outgoing"}


class RowFilter(Struct, frozen=True):
    """What a row must have to be shown; what is empty is not asked for."""

    text: str = ""
    """Words that stand somewhere in it, in any case."""
    source: str = ""
    """Who it is of: a stream, or a part of the program."""
    way: Way = ""
    """Which way it went; only rows of the wire go any."""

    def takes_event(self, row: LogRow) -> bool:
        """Return whether this row of the event log is shown."""
        return self.source in ("", row.source) and self._has_text(f"{row.source}: {row.text}")

    def takes_wire(self, row: WireRow) -> bool:
        """Return whether this event on the wire is shown."""
        if self.way and row.outgoing is not (self.way == "out"):
            return False
        return self.source in ("", row.stream) and self._has_text(f"{row.stream} {row.event} {row.detail}")

    def next_source(self, sources: Iterable[str]) -> RowFilter:
        """Return the filter with the next of these sources, none of them after the last."""
        choices: Sequence[str] = ["", *dict.fromkeys(source for source in sources if source)]
        index = choices.index(self.source) if self.source in choices else -1
        return replace(self, source=choices[(index + 1) % len(choices)])

    def next_way(self) -> RowFilter:
        """Return the filter with the next way."""
        return replace(self, way=WAYS[(WAYS.index(self.way) + 1) % len(WAYS)])

    @property
    def words(self) -> str:
        """What is asked for, in words; empty where nothing is."""
        text = f"“{self.text}”" if self.text else ""
        return " · ".join(part for part in (self.source, _WAY_WORDS.get(self.way, ""), text) if part)

    def _has_text(self, line: str) -> bool:
        return not self.text or self.text.casefold() in line.casefold()
