"""Where the rows of a text begin when it is wrapped to a width in cells.

Wrapping is greedy, so words that are added at the end never move an earlier row: `rewrap` uses that, and a delta
costs the last two rows however long the text is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from rich.cells import get_character_cell_size

_JOINER = "\u200d"
_WIDE_SELECTOR = "\ufe0f"

ONE_ROW: Sequence[int] = (0,)


def wrap(text: str, width: int, text_at: int = 0) -> Sequence[int]:
    """Return the index in `text` at which each row of at most `width` cells begins; the first is 0.

    A newline ends a row and belongs to it; so does the space at which a row was broken. What stands before `text_at`
    is one row, however long it is.
    """
    if text_at:
        return [0, *_wrap_from(text, width, text_at)]
    if len(text) <= width and text.isascii() and "\n" not in text:
        return ONE_ROW
    return _wrap_from(text, width, 0)


def rewrap(rows: Sequence[int], common: int, text: str, width: int, text_at: int = 0) -> Sequence[int]:
    """Return `wrap(text, width, text_at)`, given the `rows` of an older text with the same first `common` characters.

    What ends a row is seen within the row behind it, so all rows but the last two of the common part stand.
    """
    kept = bisect_right(rows, common) - 2
    if kept <= 0:
        return wrap(text, width, text_at)
    return [*rows[:kept], *_wrap_from(text, width, rows[kept])]


def _wrap_from(text: str, width: int, begin: int) -> list[int]:
    rows: list[int] = []
    while True:
        newline = text.find("\n", begin)
        end = len(text) if newline < 0 else newline
        wrap_paragraph = _wrap_ascii if text[begin:end].isascii() else _wrap_cells
        wrap_paragraph(text, begin, end, width, rows)
        if newline < 0:
            return rows
        begin = newline + 1


def _wrap_ascii(text: str, begin: int, end: int, width: int, rows: list[int]) -> None:
    rows.append(begin)
    while end - begin > width:
        space = text.rfind(" ", begin, begin + width + 1)
        begin = begin + width if space < 0 else space + 1
        while begin < end and text[begin] == " ":
            begin += 1
        if begin < end:
            rows.append(begin)


def _wrap_cells(text: str, begin: int, end: int, width: int, rows: list[int]) -> None:
    """Wrap where characters are not all one cell: a row may also be broken beside a wide one."""
    rows.append(begin)
    column = 0
    breakable, breakable_column = begin, 0
    after_wide = False
    for index, character, cells in _cells(text, begin, end):
        if cells == 2 or (cells and after_wide):
            breakable, breakable_column = index, column
        if column + cells > width and column and cells and character != " ":
            if breakable <= rows[-1]:
                breakable, breakable_column = index, column
            rows.append(breakable)
            column -= breakable_column
            breakable_column = 0
        column += cells
        after_wide = cells == 2 or (after_wide and not cells)
        if character == " ":
            breakable, breakable_column = index + 1, column


def _cells(text: str, begin: int, end: int) -> Iterator[tuple[int, str, int]]:
    """Yield each index, character and width in cells; what is joined to the character before it has none."""
    joined = False
    for index in range(begin, end):
        character = text[index]
        if joined:
            cells = 0
        elif text.startswith(_WIDE_SELECTOR, index + 1):
            cells = 2
        else:
            cells = get_character_cell_size(character)
        joined = character == _JOINER
        yield index, character, cells
