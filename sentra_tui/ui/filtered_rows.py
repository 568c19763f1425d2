"""The newest of many rows, as pages for a list, and only those that somebody wants to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Row = TypeVar("Row")
PAGE_ROWS = 100


class FilteredRows(Generic[Row]):
    """Keeps about `rows_kept` rows, told as a tuple that grows at its end and loses its beginning.

    What was looked at once is not looked at again, so that a row costs the same however many there are.
    """

    def __init__(self, rows_kept: int) -> None:
        self._rows_kept = rows_kept
        self._rows: tuple[Row, ...] = ()
        self._pages: list[tuple[Row, ...]] = []
        self._count = 0

    def take(self, rows: tuple[Row, ...], wanted: Callable[[Row], bool]) -> None:
        """Take the newest `rows`; those that came since the last ones are kept where they are wanted."""
        if rows is self._rows:
            return
        fresh = rows[_seen(rows, self._rows) :]
        self._rows = rows
        for row in fresh:
            if wanted(row):
                self._add(row)
        while self._pages and self._count - len(self._pages[0]) >= self._rows_kept:
            self._count -= len(self._pages.pop(0))

    def again(self, wanted: Callable[[Row], bool]) -> None:
        """Keep of all rows that are known those that are wanted now."""
        rows, self._rows = self._rows, ()
        self._pages, self._count = [], 0
        self.take(rows, wanted)

    @property
    def pages(self) -> tuple[tuple[Row, ...], ...]:
        """The rows, oldest first."""
        return tuple(self._pages)

    def _add(self, row: Row) -> None:
        if not self._pages or len(self._pages[-1]) >= PAGE_ROWS:
            self._pages.append(())
        self._pages[-1] = (*self._pages[-1], row)
        self._count += 1


def _seen(rows: tuple[Row, ...], before: tuple[Row, ...]) -> int:
    """Return how many of `rows` were in the rows `before`."""
    if not before:
        return 0
    last = before[-1]
    return next((index + 1 for index in range(len(rows) - 1, -1, -1) if rows[index] is last), 0)
