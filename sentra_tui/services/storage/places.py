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

    def __init__(self, known: Sequence[tuple[LineKey, float, int]] = ()) -> None:
        """Each of `known` is a line, its place, and when it began."""
        older, newest = known[:-KEPT], known[-KEPT:]
        self._floor = older[-1][1] if older else 0.0
        self._last = newest[-1][1] if newest else 0.0
        self._keys = [key for key, _, _ in newest]
        self._places = {key: place for key, place, _ in newest}
        self._starts_ms = {key: start_ms for key, _, start_ms in newest}

    def open(self, key: LineKey, start_ms: int, after: LineKey | None = None, before: LineKey | None = None) -> float:
        """Return the place of a line: behind `after`, else in front of `before`, else last; or where it stands."""
        if key in self._places:
            return self._places[key]
        if after in self._places:
            return self._insert(self._keys.index(after) + 1, key, start_ms)
        if before in self._places:
            return self._insert(self._keys.index(before), key, start_ms)
        return self._insert(len(self._keys), key, start_ms)

    def settle(self, key: LineKey, start_ms: int, *, late: bool) -> float:
        """Return the place of a line whose words are final; one that is told `late`, and is new, stands at its time."""
        if key not in self._places:
            self._insert(self._at_time(start_ms) if late else len(self._keys), key, start_ms)
        self._starts_ms[key] = start_ms
        return self._places[key]

    def remove(self, key: LineKey) -> None:
        """This is no line any more."""
        if key in self._places:
            self._keys.remove(key)
            del self._places[key], self._starts_ms[key]

    def _at_time(self, start_ms: int) -> int:
        index = len(self._keys)
        while index and self._starts_ms[self._keys[index - 1]] > start_ms:
            index -= 1
        return index

    def _insert(self, index: int, key: LineKey, start_ms: int) -> float:
        place = self._between(index)
        self._keys.insert(index, key)
        self._places[key], self._starts_ms[key] = place, start_ms
        if len(self._keys) > KEPT:
            oldest = self._keys.pop(0)
            self._floor = self._places.pop(oldest)
            del self._starts_ms[oldest]
        return place

    def _between(self, index: int) -> float:
        if index == len(self._keys):
            self._last = float(int(self._last) + 1)
            return self._last
        following = self._places[self._keys[index]]
        preceding = self._places[self._keys[index - 1]] if index else self._floor
        return (preceding + following) / 2
