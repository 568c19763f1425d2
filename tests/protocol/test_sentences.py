"""An answer is cut into sentences early, at the same places however it comes, and nothing of it is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.sentences import SENTENCE_CHARS_MAX, SentenceSplitter

PARTS = [
    "Yes", "it is", "e.g.", "Dr. Who", "3.5", "v1.2.3", "https://a.example/b?c=d", "...", "…", ".", "!", "?", ",", ";",
    ":", " - ", "—", "\n", "\n\n", "- ", "1. ", "No. 5", "etc.", '"', "”", "**", "。", "！", "你好", "，", " ", "  ",
    "I", "J. R.", "p.m.",
]  # fmt: skip
texts = st.one_of(st.lists(st.sampled_from(PARTS), max_size=60).map("".join), st.text(max_size=200))


def split(*deltas: str) -> list[str]:
    splitter = SentenceSplitter()
    return [sentence for delta in deltas for sentence in splitter.feed(delta)] + splitter.flush()


@given(text=texts, cuts=st.lists(st.integers(0, 1_000), max_size=12))
def test_the_sentences_are_the_same_wherever_the_text_was_cut(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    assert split(*(text[start:end] for start, end in pairwise(edges))) == split(text)


@given(text=texts)
def test_a_character_at_a_time_gives_the_same_sentences(text: str) -> None:
    assert split(*text) == split(text)


@given(text=texts)
def test_nothing_but_space_is_lost(text: str) -> None:
    assert "".join("".join(split(text)).split()) == "".join(text.split())


@given(text=texts)
def test_no_sentence_is_empty_or_too_long(text: str) -> None:
    assert all(sentence.strip() == sentence != "" for sentence in split(text))
    assert all(len(sentence) <= SENTENCE_CHARS_MAX + 60 for sentence in split(text * 20))


@pytest.mark.parametrize(
    "text",
    [
        "It is e.g. this.",
        "Ask Dr. Who about it.",
        "It is 3.5 of 4.0 seconds.",
        "Use v1.2.3 or later.",
        "See https://a.example/b.html?c=d for more.",
        "Well... maybe not.",
        "It is in fig. 3 and in No. 5 here.",
        "J. R. Tolkien wrote it.",
        "At 5 p.m. tomorrow.",
        'He said "go." and went.',
        "1. The first",
        "Apples, pears etc. are fruit.",
        "Costs 1,000,000 at 12:30 sharp.",
        "In the U.S. Senate it is so.",
    ],
)
def test_what_looks_like_an_end_is_none(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Yes. It is! Really? Yes", ["Yes.", "It is!", "Really?", "Yes"]),
        ("No. It is not.", ["No.", "It is not."]),
        ('He said "go." Then he went.', ['He said "go."', "Then he went."]),
        ("Well... Then no.", ["Well...", "Then no."]),
        ("There are:\n- one\n- two\n1. three", ["There are:", "- one", "- two", "1. three"]),
        ("是的。没有问题！好", ["是的。", "没有问题！", "好"]),
        ("「好。」是的。", ["「好。」", "是的。"]),
        ("It ends at 5 p.m. Then we go.", ["It ends at 5 p.m.", "Then we go."]),
        ("So do I. You do.", ["So do I.", "You do."]),
        ("**Bold.** Next.", ["**Bold.**", "Next."]),
        ("See https://a.example. It is there.", ["See https://a.example.", "It is there."]),
        ("---\nA line.", ["---\nA line."]),
        ("  \n ", []),
    ],
)
def test_ends_are_found(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


def test_a_first_clause_is_said_by_itself_and_later_ones_are_not() -> None:
    text = "If the disk of that machine is full, it stops, and somebody must help. When it does, and only then, call."
    assert split(text) == [
        "If the disk of that machine is full,",
        "it stops, and somebody must help.",
        "When it does, and only then, call.",
    ]


@pytest.mark.parametrize("mark", [",", ";", ":", " -", " –"])
def test_every_mark_of_a_clause_counts(mark: str) -> None:
    assert split(f"That is what the log says{mark} nothing else") == [
        f"That is what the log says{mark}",
        "nothing else",
    ]


def test_a_short_first_clause_waits() -> None:
    assert split("Yes, it is so.") == ["Yes, it is so."]


def test_a_sentence_is_given_as_soon_as_the_next_begins() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("It is.") == []
    assert splitter.feed(" ") == ["It is."]
    assert splitter.feed("And so on.\n") == ["And so on."]


def test_the_next_answer_begins_with_a_clause_again() -> None:
    splitter = SentenceSplitter()
    text = "If the disk of that machine is full, it stops."
    first = splitter.feed(text) + splitter.flush()
    assert splitter.feed(text) + splitter.flush() == first
    assert len(first) == 2


def test_words_without_an_end_are_cut_at_a_space() -> None:
    pieces = split("word " * 300)
    assert max(map(len, pieces)) <= SENTENCE_CHARS_MAX
    assert all(piece.endswith("word") for piece in pieces)
