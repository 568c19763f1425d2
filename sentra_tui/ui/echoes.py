"""Lines that are echoes of another stream, folded into a row that counts them."""

from __future__ import annotations

import operator

from sentra_tui.domain.transcript import Line, LineKey

Lines = tuple[Line, ...]
Folded = tuple["Line | HiddenEchoes", ...]


class HiddenEchoes:
    """Echoes in a row, none of which is shown."""

    __slots__ = ("lines",)

    def __init__(self, lines: Lines) -> None:
        self.lines = lines

    @property
    def key(self) -> LineKey:
        """Names it as its first line."""
        return self.lines[0].key

    def holds(self, key: object) -> bool:
        """Return whether the line of this key is among them."""
        return any(line.key == key for line in self.lines)


class EchoFold:
    """Folds the pages of a transcript; what did not change stays the same object, pages without an echo at once."""

    def __init__(self) -> None:
        self._source: tuple[Lines, ...] = ()
        self._pages: tuple[Folded, ...] = ()

    def pages(self, source: tuple[Lines, ...]) -> tuple[Folded, ...]:
        """Return the pages with a row for each run of echoes on a page; a line the user noted is always shown."""
        if source is self._source:
            return self._pages
        old = list(zip(self._source, self._pages, strict=True))
        folded = []
        for number, page in enumerate(source):
            before, kept = old[number] if number < len(old) else ((), ())
            folded.append(kept if page is before else _fold(page, kept))
        self._source, self._pages = source, tuple(folded)
        return self._pages


def is_hidden(line: Line) -> bool:
    """Return whether a line is shown only when echoes are."""
    return line.echo and not line.noted


def _fold(page: Lines, before: Folded) -> Folded:
    if not any(line.echo for line in page):
        return page
    known = {item.key: item for item in before if isinstance(item, HiddenEchoes)}
    folded: list[Line | HiddenEchoes] = []
    run: list[Line] = []
    for line in page:
        if is_hidden(line):
            run.append(line)
            continue
        if run:
            folded.append(_hidden(tuple(run), known))
            run.clear()
        folded.append(line)
    if run:
        folded.append(_hidden(tuple(run), known))
    return tuple(folded)


def _hidden(run: Lines, known: dict[LineKey, HiddenEchoes]) -> HiddenEchoes:
    """Return the row of a run, the one of before where its lines are the same objects."""
    old = known.get(run[0].key)
    if old is not None and len(old.lines) == len(run) and all(map(operator.is_, old.lines, run)):
        return old
    return HiddenEchoes(run)
