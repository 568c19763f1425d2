"""What one stream said, as lines in the order they were said.

A transcript is a value: every step returns a new one. Lines live on pages, and a step copies the one page that it
touches, so a step costs the same at 50 and at 50,000 lines, and a reader finds what changed by comparing pages with
`is`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain.text import clean_join

PAGE_LINES = 256
OPEN_PAGES = 4
"""How many pages, from the end, may still change: a line 1,000 others have passed is settled."""
EARLY_MS = 600
"""How much earlier a line may begin than the speech in it: servers take some of the silence before."""

LineKind = Literal["speech", "typed", "gap"]


class LineKey(Struct, frozen=True):
    """Names a line: the provider's item id holds only inside one session of a stream."""

    session: int
    item_id: str


class Line(Struct, frozen=True):
    """One utterance, or a placeholder for one whose words have not come yet."""

    key: LineKey
    start_ms: int
    """When it began, in milliseconds since the engine started."""
    text: str = ""
    final: bool = False
    end_ms: int | None = None
    kind: LineKind = "speech"
    failed: bool = False
    """The recogniser gave up: there will be no words."""
    noted: bool = False
    """The user wants to find it again."""
    echo: bool = False
    """It is what the other stream said, heard again: not shown unless asked for."""
    echo_judged: bool = False
    """The user decided whether it is."""
    recovered: bool = False
    """Its words were written down after a break, from sound that was kept."""


class Transcript(Struct, frozen=True):
    """The lines of one stream."""

    pages: tuple[tuple[Line, ...], ...] = ()

    def __iter__(self) -> Iterator[Line]:
        return (line for page in self.pages for line in page)

    def __len__(self) -> int:
        return sum(map(len, self.pages))

    def find(self, key: LineKey) -> Line | None:
        """Return the line called `key`, if it is among the ones that may still change."""
        place = self._locate(key)
        return None if place is None else self.pages[place[0]][place[1]]

    def insert(self, line: Line, after: LineKey | None = None, before: LineKey | None = None) -> Transcript:
        """Return the transcript with `line` behind the line `after`, else in front of `before`, else last.

        A line that is already there stays as it is: servers announce an item more than once.
        """
        if self._locate(line.key) is not None:
            return self
        behind = self._locate(after) if after is not None else None
        in_front = self._locate(before) if before is not None else None
        if behind is not None:
            number, index = behind[0], behind[1] + 1
        elif in_front is not None:
            number, index = in_front
        else:
            return self._append(line)
        page = self.pages[number]
        if number == len(self.pages) - 1 and index == len(page):
            return self._append(line)
        return self._with_page(number, (*page[:index], line, *page[index:]))

    def update(self, line: Line) -> Transcript:
        """Return the transcript with `line` in place of the one of the same key, or last if there is none."""
        place = self._locate(line.key)
        if place is None:
            return self._append(line)
        number, index = place
        page = self.pages[number]
        return self._with_page(number, (*page[:index], line, *page[index + 1 :]))

    def commit(self, line: Line) -> Transcript:
        """Return the transcript with the final words of a line, which keeps its marks."""
        place = self._locate(line.key)
        if place is None:
            return self._append(line)
        number, index = place
        page = self.pages[number]
        return self._with_page(number, (*page[:index], _with_marks(line, page[index]), *page[index + 1 :]))

    def slot_in(self, line: Line, replaces: Container[LineKey] = ()) -> Transcript:
        """Return the transcript with the final words of a line that is told late: where its time is, if it is new.

        They take the place of the lines it `replaces`, and of what an engine that died showed of them, too.
        """
        replaced = [each for page in self.pages[-OPEN_PAGES:] for each in page if each.key in replaces]
        rest = self._without(lambda each: each.key in replaces or _is_torn_by(line, each))
        if rest._locate(line.key) is not None:
            slotted = rest.commit(line)
        else:
            slotted = rest.insert(line, before=rest.first_after(line.start_ms))
        stands = slotted.find(line.key)
        is_noted = stands is not None and any(each.noted for each in replaced)
        return slotted.update(replace(stands, noted=True)) if stands is not None and is_noted else slotted

    def first_after(self, start_ms: int) -> LineKey | None:
        """Return the line in front of which one stands that began then; None where that one is the last."""
        later = None
        for page in reversed(self.pages[-OPEN_PAGES:]):
            for each in reversed(page):
                if each.start_ms <= start_ms:
                    return later
                later = each.key
        return later

    def extend(self, key: LineKey, delta: str, now_ms: int) -> Transcript:
        """Return the transcript with more interim words in line `key`; a final line no longer changes."""
        line = self.find(key) or Line(key=key, start_ms=now_ms)
        if line.final:
            return self
        return self.update(replace(line, text=clean_join(line.text, delta)))

    def settle(self) -> Transcript:
        """Return the transcript with no line open: no more words will come, and those that came stay."""
        return Transcript((*self.pages[:-OPEN_PAGES], *map(_settled, self.pages[-OPEN_PAGES:])))

    def _without(self, is_doomed: Callable[[Line], bool]) -> Transcript:
        transcript = self
        for number in range(max(0, len(self.pages) - OPEN_PAGES), len(self.pages)):
            page = self.pages[number]
            kept = tuple(line for line in page if not is_doomed(line))
            if len(kept) < len(page):
                transcript = transcript._with_page(number, kept)
        return transcript

    def _append(self, line: Line) -> Transcript:
        if self.pages and len(self.pages[-1]) < PAGE_LINES:
            return self._with_page(len(self.pages) - 1, (*self.pages[-1], line))
        return Transcript((*self.pages, (line,)))

    def _with_page(self, number: int, page: tuple[Line, ...]) -> Transcript:
        return Transcript((*self.pages[:number], page, *self.pages[number + 1 :]))

    def _locate(self, key: LineKey) -> tuple[int, int] | None:
        for number in range(len(self.pages) - 1, max(-1, len(self.pages) - 1 - OPEN_PAGES), -1):
            page = self.pages[number]
            for index in range(len(page) - 1, -1, -1):
                # The id alone first: it nearly always tells, and comparing keys takes longer.
                if page[index].key.item_id == key.item_id and page[index].key == key:
                    return number, index
        return None


def _with_marks(line: Line, before: Line) -> Line:
    return replace(line, noted=before.noted, echo=before.echo, echo_judged=before.echo_judged)


def _is_torn_by(late: Line, line: Line) -> bool:
    """Return whether nobody finished `line`, and it began while `late` was said."""
    end_ms = late.start_ms if late.end_ms is None else late.end_ms
    is_unfinished = line.kind == "speech" and line.final and line.end_ms is None and line.key != late.key
    return is_unfinished and late.start_ms - EARLY_MS <= line.start_ms < end_ms


def _settled(page: tuple[Line, ...]) -> tuple[Line, ...]:
    if all(line.final for line in page):
        return page
    return tuple(line if line.final else replace(line, final=True, failed=not line.text) for line in page)
