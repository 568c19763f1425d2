"""Text from outside, however it is cut."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentra_tui.domain.text import MARKS_IN_A_ROW, clean, clean_join, clean_line

HOSTILE = {
    "colour": "A\x1b[31;7mB",
    "window title": "A\x1b]0;owned\x07B",
    "clipboard": "A\x1b]52;c;UFdORUQ=\x07B",
    "hyperlink": "A\x1b]8;;http://evil.example\x1b\\B",
    "8-bit colour": "A\x9b31mB",
    "8-bit title": "A\x9d0;owned\x9cB",
    "device control": "A\x1bPq#0\x1b\\B",
    "terminal reset": "A\x1bcB",
    "backspace": "A\x08B",
    "nul": "A\x00B",
    "delete": "A\x7fB",
    "bell": "A\x07B",
    "character set": "A\x0eB\x0f",
    "vertical tab": "A\x0bB\x0c",
    "bidi override": "A\u202eB\u2066C\u2069",
    "bidi marks": "A\u200e\u200f\u061cB",
    "invisible": "A\u200b\u2060\ufeff\u00adB",
    "tags": "A\U000e0001\U000e0041B\U000e007f",
    "variation selectors": "A\U000e0100B",
    "lone surrogates": "A\ud83dB\udc00",
    "stacked marks": "A" + "\u0301" * 60 + "B",
    "line breaks": "A\r\nB\rC\u2028D\u2029E\x85F",
}
PAYLOADS = st.one_of(
    st.sampled_from(sorted(HOSTILE.values())),
    st.text(st.characters(codec=None), max_size=20),
    st.text(st.sampled_from("ab\x1b\x9b[]0;m\x07\r\n\t\u202e\u0301\ud83d\u200b"), max_size=20),
)
FORBIDDEN = ("Cc", "Cs", "Zl", "Zp")
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def obeyed(text: str) -> list[str]:
    """Return the characters that a terminal would obey, or that hide or reorder words."""
    return [char for char in text if char != "\n" and (unicodedata.category(char) in FORBIDDEN or char in BIDI)]


def longest_stack(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if "\u0300" <= char <= "\u036f" else 0
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_payload_is_harmless_and_its_words_stay(payload: str) -> None:
    text = clean(payload)
    assert obeyed(text) == []
    assert [char for char in text if char in "AB"] == ["A", "B"]


@given(st.text(st.characters(codec=None)))
@example("\ud83d")
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    cleaned = clean(text)
    assert obeyed(cleaned) == []
    assert longest_stack(cleaned) <= MARKS_IN_A_ROW
    cleaned.encode()


@given(PAYLOADS, st.data())
def test_a_payload_split_over_deltas_is_as_harmless_as_a_whole_one(payload: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(payload)), max_size=5)))
    text = ""
    for begin, end in zip([0, *cuts], [*cuts, len(payload)], strict=True):
        text = clean_join(text, payload[begin:end])
    assert obeyed(text) == []
    assert longest_stack(text) <= MARKS_IN_A_ROW


@given(PAYLOADS)
def test_what_is_clean_stays_as_it_is(payload: str) -> None:
    assert clean(clean(payload)) == clean(payload)


@given(st.lists(PAYLOADS, max_size=5))
def test_deltas_that_were_cleaned_before_join_to_the_same_text(deltas: list[str]) -> None:
    raw = cleaned = ""
    for delta in deltas:
        raw = clean_join(raw, delta)
        cleaned = clean_join(cleaned, clean(delta))
    assert raw == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "plain words",
        "zwei Wörter, naïve café",
        "日本語の文字",
        "हिन्दी",
        "עברית וערבית العربية",
        "Việt Nam",
        "e\u0301 stays two characters",
        "👍🏽 👩\u200d💻 ❤\ufe0f",
        "می\u200cخواهم",
        "[bold]no markup[/bold]",
        "two\nlines",
    ],
)
def test_words_of_any_script_are_not_touched(text: str) -> None:
    assert clean(text) == text


def test_controls_are_shown_as_pictures_and_line_breaks_as_new_lines() -> None:
    assert clean("\x1b[31m\x07\x7f\x9b") == "␛[31m␇␡\ufffd"
    assert clean(HOSTILE["line breaks"]) == "A\nB\nC\nD\nE\nF"
    assert clean("a\tb") == "a    b"


def test_marks_that_stack_over_a_joint_are_cut() -> None:
    assert clean_join("a" + "\u0301" * 3, "\u0301" * 3 + "b") == "a" + "\u0301" * MARKS_IN_A_ROW + "b"


def test_a_megabyte_on_one_line_is_cleaned() -> None:
    assert clean("\x1b[0m" * 250_000) == "␛[0m" * 250_000


@given(PAYLOADS, st.integers(2, 40))
def test_a_line_is_one_line_and_short(payload: str, max_chars: int) -> None:
    line = clean_line(payload * 3, max_chars)
    assert len(line) <= max_chars
    assert "\n" not in line
    assert obeyed(line) == []


def test_a_line_that_is_cut_says_so() -> None:
    assert clean_line("one  two\nthree", 20) == "one two three"
    assert clean_line("x" * 30, 20) == "x" * 19 + "…"
