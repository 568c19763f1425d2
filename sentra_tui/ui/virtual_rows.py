"""Which row of a pane belongs to which entry, kept up to date page by page.

Items stand on pages, tuples that are replaced as a whole; what changed is found by comparing pages, and then items,
with `is`. A delta costs the page that it is on, not the history.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

from sentra_tui.ui.entries import Entry
from sentra_tui.ui.wrapping import rewrap, wrap

Item = TypeVar("Item")
Pages = tuple[tuple[Item, ...], ...]


class Place(NamedTuple):
    """Where an item stands: the number of its page, and its own on that page."""

    page: int
    item: int


class Part(NamedTuple):
    """What one row shows: the characters of an entry's body from `begin`, and before `end`."""

    entry: Entry
    begin: int
    end: int

    @property
    def is_last(self) -> bool:
        """Whether it is the last row of its entry."""
        return self.end == len(self.entry.body)


class _Page(Generic[Item]):
    """The items of one page with where their rows begin."""

    __slots__ = ("height", "items", "rows", "tops")

    def __init__(self, items: tuple[Item, ...], rows: list[Sequence[int]]) -> None:
        self.items = items
        self.rows = rows
        """For each item, the indices in its body at which its rows begin."""
        self.tops = list(accumulate(map(len, rows), initial=0))
        """For each item, its first row on this page."""
        self.height = self.tops[-1]


class VirtualRows(Generic[Item]):
    """The rows of all items at one width in cells. An item is found by its key, or by any that `holds` says it has."""

    def __init__(
        self,
        present: Callable[[Item], Entry],
        key: Callable[[Item], Hashable],
        holds: Callable[[Item, Hashable], bool] | None = None,
    ) -> None:
        self._present = present
        self._key = key
        self._holds = holds or (lambda item, wanted: key(item) == wanted)
        self._source: Pages[Item] = ()
        self._pages: list[_Page[Item]] = []
        self._tops: list[int] = [0]
        self._width = 1
        self.height = 0
        """How many rows there are."""
        self.count = 0
        """How many items there are."""

    def wrap_to(self, width: int) -> None:
        """Wrap everything to `width` cells."""
        self._width = width
        self._pages = [_Page(items, self._wrapped(items)) for items in self._source]
        self._measure()

    def show(self, pages: Pages[Item]) -> int:
        """Take newer `pages`; return the first row that may look different now, `height` where none does.

        Pages may fall off the front, where the one behind them is the same one still.
        """
        first_changed = self.height
        old = self._source
        self._source = pages
        fallen = next((number for number, items in enumerate(old) if pages and items is pages[0]), 0)
        if fallen:
            first_changed, old = 0, old[fallen:]
            del self._pages[:fallen]
        for number, items in enumerate(pages):
            if number < len(old) and items is old[number]:
                continue
            if number < len(old):
                page, row = self._refreshed(self._pages[number], items)
                first_changed = min(first_changed, self._tops[number] + row)
                self._pages[number] = page
            else:
                self._pages.append(_Page(items, self._wrapped(items)))
        del self._pages[len(pages) :]
        self._measure()
        return min(first_changed, self.height)

    def locate(self, row: int) -> Place:
        """Return the place of the item that row `row` belongs to; `row` is at least 0 and below `height`."""
        number = bisect_right(self._tops, row) - 1
        page = self._pages[number]
        return Place(number, bisect_right(page.tops, row - self._tops[number]) - 1)

    def top(self, place: Place) -> int:
        """Return the first row of the item at `place`."""
        return self._tops[place.page] + self._pages[place.page].tops[place.item]

    def item(self, place: Place) -> Item:
        """Return the item at `place`."""
        return self._pages[place.page].items[place.item]

    def part(self, row: int) -> Part:
        """Return what row `row` shows."""
        place = self.locate(row)
        entry, rows = self._present(self.item(place)), self.rows(place)
        index = row - self.top(place)
        return Part(entry, rows[index], rows[index + 1] if index + 1 < len(rows) else len(entry.body))

    def text(self, begin: tuple[int, int], end: tuple[int, int | None]) -> str:
        """Return the words from row and character `begin` to before `end`, None being the end of its row.

        Rows of one entry are joined as they were before wrapping; each entry begins a line.
        """
        begin_row, end_row = max(0, begin[0]), min(end[0], self.height - 1)
        pieces: list[str] = []
        for row in range(begin_row, end_row + 1):
            part = self.part(row)
            left = part.begin + (begin[1] if row == begin_row else 0)
            right = part.end if row != end_row or end[1] is None else min(part.end, part.begin + end[1])
            pieces.append(part.entry.body[left:right])
            if part.is_last and row != end_row:
                pieces.append("\n")
        return "".join(pieces)

    def rows(self, place: Place) -> Sequence[int]:
        """Return the indices in the body of the item at `place` at which its rows begin."""
        return self._pages[place.page].rows[place.item]

    def find(self, key: Hashable, near: Place) -> Place | None:
        """Return where the item of this key stands now, looking on the page where it was, and then everywhere."""
        return self._on_page(key, near.page) or self.place_of(key)

    def place_of(self, key: Hashable) -> Place | None:
        """Return where the item of this key stands, looking everywhere, from the newest page on."""
        places = (self._on_page(key, number) for number in range(len(self._pages) - 1, -1, -1))
        return next((place for place in places if place is not None), None)

    def _on_page(self, key: Hashable, number: int) -> Place | None:
        if number >= len(self._pages):
            return None
        items = self._pages[number].items
        return next((Place(number, i) for i, item in enumerate(items) if self._holds(item, key)), None)

    def key_at(self, place: Place) -> Hashable:
        """Return the key of the item at `place`."""
        return self._key(self.item(place))

    def _measure(self) -> None:
        self._tops = list(accumulate((page.height for page in self._pages), initial=0))
        self.height = self._tops[-1]
        self.count = sum(map(len, self._source))

    def _wrapped(self, items: tuple[Item, ...]) -> list[Sequence[int]]:
        return [self._wrap(self._present(item)) for item in items]

    def _wrap(self, entry: Entry) -> Sequence[int]:
        return wrap(entry.body, self._width, entry.text_at)

    def _refreshed(self, page: _Page[Item], items: tuple[Item, ...]) -> tuple[_Page[Item], int]:
        """Return the page with `items`, wrapping only what is new on it, and the first row that changed."""
        shortest = min(len(page.items), len(items))
        head = next((i for i in range(shortest) if page.items[i] is not items[i]), shortest)
        tail = next((i for i in range(shortest - head) if page.items[-1 - i] is not items[-1 - i]), shortest - head)
        old_end, new_end = len(page.items) - tail, len(items) - tail
        known = {self._key(page.items[i]): (page.items[i], page.rows[i]) for i in range(head, old_end)}
        fresh = [self._rewrapped(item, known.get(self._key(item))) for item in items[head:new_end]]
        rows = [*page.rows[:head], *(row_starts for row_starts, _ in fresh), *page.rows[old_end:]]
        same_item = fresh and head < old_end and self._key(page.items[head]) == self._key(items[head])
        return _Page(items, rows), page.tops[head] + (fresh[0][1] if same_item else 0)

    def _rewrapped(self, item: Item, known: tuple[Item, Sequence[int]] | None) -> tuple[Sequence[int], int]:
        """Return where the rows of `item` begin, and how many of them look as they did."""
        entry = self._present(item)
        if known is None:
            return self._wrap(entry), 0
        old_item, rows = known
        if old_item is item:
            return rows, len(rows)
        old = self._present(old_item)
        if entry.head != old.head or not entry.text.startswith(old.text):
            return self._wrap(entry), 0
        fresh = rewrap(rows, old.tail_at, entry.body, self._width, entry.text_at)
        if (old.voice, old.mark) != (entry.voice, entry.mark):
            return fresh, 0
        return fresh, max(0, bisect_right(rows, old.tail_at) - 2)
