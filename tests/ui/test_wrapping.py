from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sentra_tui.ui.wrapping import rewrap, wrap

RAW = st.text(alphabet="ab  \n漢é👩\u200d\ufe0f\u0301", max_size=80)
GRAPHEMES = ["a", "b", " ", "\n", "漢", "é", "e\u0301", "👩", "👨\u200d👩\u200d👧", "❤\ufe0f"]
WORDS = st.lists(st.sampled_from(GRAPHEMES), max_size=60).map("".join)
WIDTHS = st.integers(min_value=2, max_value=12)


def rows_of(text: str, width: int) -> list[str]:
    starts = wrap(text, width)
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("", 5, [""]),
        ("one two", 10, ["one two"]),
        ("one two three", 7, ["one two ", "three"]),
        ("one two three", 8, ["one two ", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("a\n\nb", 5, ["a\n", "\n", "b"]),
        ("漢字漢字漢", 4, ["漢字", "漢字", "漢"]),
        ("ab 漢字 cd", 5, ["ab 漢", "字 cd"]),
        ("né pas été", 6, ["né pas ", "été"]),
        ("x👨‍👩‍👧y", 3, ["x👨‍👩‍👧", "y"]),
    ],
)
def test_rows_break_at_spaces_and_between_wide_characters(text: str, width: int, rows: list[str]) -> None:
    assert rows_of(text, width) == rows


@given(WORDS, WIDTHS)
def test_no_character_is_lost_and_no_row_is_too_wide(text: str, width: int) -> None:
    rows = rows_of(text, width)
    assert "".join(rows) == text
    assert all(rows[1:-1])
    for row in rows:
        assert cell_len(row.rstrip(" \n")) <= width


@given(RAW, RAW, st.sampled_from(["", " ⋯", "\n✓ completed"]), WIDTHS)
def test_wrapping_what_was_added_equals_wrapping_everything(text: str, more: str, tail: str, width: int) -> None:
    rows = wrap(text + tail, width)
    assert list(rewrap(rows, len(text), text + more + tail, width)) == list(wrap(text + more + tail, width))
