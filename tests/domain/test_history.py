from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.history import ChatHistory, estimate_tokens, newest_within

WORDS = st.text(alphabet="ab 漢\n", max_size=60)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("漢字", 2), ("漢字 ab", 3), ("한국어", 3), ("x" * 4000, 1000)],
)
def test_four_characters_are_about_a_token_and_a_chinese_one_is_one(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@given(WORDS, WORDS)
def test_two_texts_together_never_take_more_tokens_than_apart(first: str, second: str) -> None:
    assert estimate_tokens(first + second) <= estimate_tokens(first) + estimate_tokens(second)


@pytest.mark.parametrize(
    ("texts", "budget", "count"),
    [
        ([], 10, 0),
        (["x" * 400], 1, 1),
        (["four", "four", "four"], 3, 3),
        (["four", "four", "four"], 2, 2),
        (["x" * 40, "four", "four"], 11, 2),
        (["x" * 40, "four", "four"], 12, 3),
        (["four", "x" * 40], 0, 1),
    ],
)
def test_the_newest_texts_that_fit_are_counted_and_the_newest_always_fits(
    texts: list[str], budget: int, count: int
) -> None:
    assert newest_within(texts, budget) == count


@given(st.lists(WORDS), st.integers(0, 60))
def test_one_text_more_would_not_fit(texts: list[str], budget: int) -> None:
    count = newest_within(texts, budget)
    sizes = [estimate_tokens(text) for text in texts]
    assert count <= 1 or sum(sizes[-count:]) <= budget
    if 0 < count < len(texts):
        assert sum(sizes[-count - 1 :]) > budget


def test_turns_are_sent_in_order() -> None:
    history = ChatHistory()
    assert history.add("one?", "1") == ""
    assert history.add("two?", "2") == ""
    assert history.messages() == [("user", "one?"), ("assistant", "1"), ("user", "two?"), ("assistant", "2")]


def test_the_twenty_first_turn_pushes_the_first_out() -> None:
    history = ChatHistory()
    lines = [history.add(f"question {n}", f"answer {n}") for n in range(21)]
    assert lines[:20] == [""] * 20
    assert lines[20] == f"History: 1 turn left the window, 20 kept ({history.tokens} tokens, estimated)."
    assert len(history) == 20
    assert history.messages()[0] == ("user", "question 1")


def test_turns_leave_when_their_tokens_do_not_fit() -> None:
    history = ChatHistory(max_tokens=10)
    history.add("x" * 16, "x" * 4)
    history.add("y" * 16, "y" * 4)
    assert history.tokens == 10
    assert history.add("z" * 4, "z" * 4).startswith("History: 1 turn left")
    assert history.tokens == 7
    assert [text[0] for _, text in history.messages()] == ["y", "y", "z", "z"]


def test_a_turn_larger_than_the_budget_is_kept_while_it_is_the_newest() -> None:
    history = ChatHistory(max_tokens=10)
    history.add("x" * 400, "x")
    assert len(history) == 1
    history.add("y", "y")
    assert history.messages() == [("user", "y"), ("assistant", "y")]


def test_what_left_is_handed_out_and_its_summary_is_the_first_turn() -> None:
    history = ChatHistory(max_turns=2, max_tokens=400)
    for n in range(3):
        history.add(f"question {n}", f"answer {n}")
    request = history.to_summarise()
    assert request.startswith("Summarise")
    assert "question 0" in request
    assert "answer 0" in request
    assert "question 1" not in request
    line = history.summarised(" They met. ")
    assert line.startswith("History: 1 turn summarised in 3 tokens (estimated).")
    assert "1 turn left the window" in line, "the summary took a place"
    assert len(history) == 2
    assert history.messages()[1] == ("assistant", "They met.")
    assert history.messages()[2] == ("user", "question 2")


def test_the_next_summary_contains_the_one_before() -> None:
    history = ChatHistory(max_turns=2, max_tokens=400)
    for n in range(3):
        history.add(f"question {n}", f"answer {n}")
    history.to_summarise()
    history.summarised("They met.")
    request = history.to_summarise()
    assert "They met." in request
    assert "question 1" in request
    history.summarised("They met and ate.")
    assert [text for _, text in history.messages()][1:] == ["They met and ate.", "question 2", "answer 2"]
    assert history.to_summarise() == ""


def test_a_turn_that_leaves_while_a_summary_is_written_waits_for_the_next() -> None:
    history = ChatHistory(max_turns=1, max_tokens=400)
    history.add("first", "1")
    history.add("second", "2")
    assert "first" in history.to_summarise()
    history.add("third", "3")
    history.summarised("One was first.")
    request = history.to_summarise()
    assert "second" in request
    assert "Question:\nfirst" not in request


def test_without_a_summary_what_left_is_gone() -> None:
    history = ChatHistory(max_turns=1)
    history.add("first", "1")
    history.add("second", "2")
    history.to_summarise()
    assert history.summarised("  ") == "History: 1 turn dropped, no summary came."
    assert history.to_summarise() == ""
    assert history.messages() == [("user", "second"), ("assistant", "2")]


def test_a_summary_nobody_asked_for_changes_nothing() -> None:
    history = ChatHistory()
    history.add("first", "1")
    assert history.summarised("surprise") == ""
    assert history.messages() == [("user", "first"), ("assistant", "1")]


def test_a_summary_is_cut_at_a_quarter_of_the_budget() -> None:
    history = ChatHistory(max_turns=2, max_tokens=40)
    for n in range(3):
        history.add(f"question {n}", f"answer {n}")
    history.to_summarise()
    history.summarised("x" * 4000)
    assert history.messages()[1] == ("assistant", "x" * 40)


def test_what_waits_for_a_summary_that_never_comes_is_bounded() -> None:
    history = ChatHistory(max_turns=1, max_tokens=10)
    for _ in range(2):
        assert "dropped" not in history.add("x" * 16, "x" * 4)
    history.add("x" * 16, "x" * 4)
    assert "1 turn dropped without a summary." in history.add("x" * 16, "x" * 4)


STEPS = st.lists(st.one_of(st.tuples(WORDS, WORDS), st.just("ask"), WORDS), max_size=60)


@given(st.integers(1, 5), st.integers(0, 80), STEPS)
def test_the_window_never_exceeds_its_bounds(turns: int, tokens: int, steps: list[object]) -> None:
    history = ChatHistory(turns, tokens)
    newest = ""
    for step in steps:
        match step:
            case (str(question), str(answer)):
                history.add(question, answer)
                newest = question
            case "ask":
                history.to_summarise()
            case str(text):
                history.summarised(text)
        messages = history.messages()
        roles = [role for role, _ in messages]
        assert roles == ["user", "assistant"] * len(history)
        # The newest turn stays beside a summary, whatever the bounds.
        assert len(history) <= max(turns, 2)
        assert history.tokens <= tokens or len(history) <= 2
        assert not newest or messages[-2][1] == newest
