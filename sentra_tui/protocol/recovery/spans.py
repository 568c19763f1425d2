"""A set of moments, as spans of milliseconds that neither touch nor overlap."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Spans:
    """Spans from a start up to, not including, an end. Adding behind the last one costs the same at any number."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start_ms, end_ms in spans:
            self.add(start_ms, end_ms)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def __bool__(self) -> bool:
        return bool(self._starts)

    def add(self, start_ms: int, end_ms: int) -> None:
        """Take this span in, too."""
        if end_ms <= start_ms:
            return
        first = bisect_left(self._ends, start_ms)
        last = bisect_right(self._starts, end_ms)
        if first < last:
            start_ms = min(start_ms, self._starts[first])
            end_ms = max(end_ms, self._ends[last - 1])
        self._starts[first:last] = [start_ms]
        self._ends[first:last] = [end_ms]

    def remove(self, start_ms: int, end_ms: int) -> None:
        """Take this span out."""
        if end_ms <= start_ms:
            return
        first = bisect_right(self._ends, start_ms)
        last = bisect_left(self._starts, end_ms)
        if first >= last:
            return
        rest = [(self._starts[first], start_ms), (end_ms, self._ends[last - 1])]
        kept = [span for span in rest if span[0] < span[1]]
        self._starts[first:last] = [start for start, _ in kept]
        self._ends[first:last] = [end for _, end in kept]

    def within(self, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """Return what of this span is in the set, in order."""
        if end_ms <= start_ms:
            return []
        first = bisect_right(self._ends, start_ms)
        last = bisect_left(self._starts, end_ms)
        return [(max(start_ms, self._starts[n]), min(end_ms, self._ends[n])) for n in range(first, last)]

    def gaps(self, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """Return what of this span is not in the set, in order."""
        gaps: list[tuple[int, int]] = []
        at_ms = start_ms
        for begin_ms, over_ms in self.within(start_ms, end_ms):
            if begin_ms > at_ms:
                gaps.append((at_ms, begin_ms))
            at_ms = over_ms
        if at_ms < end_ms:
            gaps.append((at_ms, end_ms))
        return gaps

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """Return whether any of this span is in the set."""
        first = bisect_right(self._ends, start_ms)
        return first < len(self._starts) and self._starts[first] < end_ms and start_ms < end_ms

    def length_ms(self, start_ms: int, end_ms: int) -> int:
        """Return how much of this span is in the set."""
        return sum(over_ms - begin_ms for begin_ms, over_ms in self.within(start_ms, end_ms))

    def forget(self, until_ms: int) -> None:
        """Take out everything before `until_ms`."""
        if self._starts and self._starts[0] < until_ms:
            self.remove(self._starts[0], until_ms)
