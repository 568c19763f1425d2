"""Where the lines of a stream stand.

Lines are committed in the order in which their words are known, which is not the order in which they were said. A
line's place is a number: the next whole one at the end, or the middle between two neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

from sentra_tui.domain.transcript import OPEN_PAGES, PAGE_LINES, LineKey

KEPT = OPEN_PAGES * PAGE_LINES


class Places:
    """The places of a stream's newest lines; `known` are those that have one already, in order."""

    def __init__(self, known: Sequence[tuple[LineKey, float]] = ()) -> None:
        older, newest = known[:-KEPT], known[-KEPT:]
        self._floor = older[-1][1] if older else 0.0
        self._last = newest[-1][1] if newest else 0.0
        self._keys = [key for key, _ in newest]
        self._places = dict(newest)

    def open(self, key: LineKey, after: LineKey | None = None, before: LineKey | None = None) -> float:
        """Return the place of a line: behind `after`, else in front of `before`, else last; or where it stands."""
        if key in self._places:
            return self._places[key]
        if after in self._places:
            index = self._keys.index(after) + 1
        elif before in self._places:
            index = self._keys.index(before)
        else:
            index = len(self._keys)
        place = self._between(index)
        self._keys.insert(index, key)
        self._places[key] = place
        if len(self._keys) > KEPT:
            self._floor = self._places.pop(self._keys.pop(0))
        return place

    def _between(self, index: int) -> float:
        if index == len(self._keys):
            self._last = float(int(self._last) + 1)
            return self._last
        following = self._places[self._keys[index]]
        preceding = self._places[self._keys[index - 1]] if index else self._floor
        return (preceding + following) / 2
