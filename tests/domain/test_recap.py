from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.history import estimate_tokens
from sentra_tui.domain.recap import Recap
from sentra_tui.domain.transcript import LineKey

LINE = "x" * 40  # 10 tokens


def recap_of(lines: int, budget_tokens: int = 100) -> Recap:
    recap = Recap(budget_tokens)
    for _ in range(lines):
        recap.add(LINE)
    return recap


def test_what_fits_needs_no_summary() -> None:
    assert recap_of(14).to_summarise() == ""


def test_what_left_the_window_is_summarised_in_one_batch() -> None:
    recap = recap_of(15)
    request = recap.to_summarise()
    assert request.startswith("Summarise")
    assert request.count(LINE) == 5
    assert recap.to_summarise() == ""
    assert recap.summarised("short") == "5 older lines are summarised in 2 tokens (estimated)"
    assert recap.summary == "short"


def test_the_next_batch_carries_the_minutes_on() -> None:
    recap = recap_of(15)
    recap.to_summarise()
    recap.summarised("the cache is cold")
    for _ in range(5):
        recap.add(LINE)
    assert "Minutes so far:\nthe cache is cold" in recap.to_summarise()


def test_without_a_summary_the_lines_go_and_the_minutes_stay() -> None:
    recap = recap_of(15)
    recap.to_summarise()
    recap.summarised("minutes")
    for _ in range(5):
        recap.add(LINE)
    recap.to_summarise()
    assert "without a summary" in recap.summarised("")
    assert recap.summary == "minutes"


def test_a_long_summary_is_cut_to_its_share() -> None:
    recap = recap_of(15)
    recap.to_summarise()
    recap.summarised("word " * 500)
    assert estimate_tokens(recap.summary) <= 25


def test_one_long_line_is_never_summarised_alone() -> None:
    recap = Recap(10)
    recap.add("x" * 4_000)
    assert recap.to_summarise() == ""


def test_without_a_budget_nothing_is_summarised() -> None:
    assert recap_of(500, budget_tokens=0).to_summarise() == ""


@given(st.lists(st.text(min_size=1, max_size=300), max_size=60), st.integers(1, 200))
def test_every_line_is_handed_out_at_most_once_and_the_newest_never(texts: list[str], budget: int) -> None:
    recap, lines = Recap(budget), [f"{number}: {text}" for number, text in enumerate(texts)]
    handed: list[str] = []
    for line in lines:
        recap.add(line)
        request = recap.to_summarise()
        if request:
            handed.append(request)
            recap.summarised("minutes")
            assert line not in request
    assert all(sum(line in request for request in handed) <= 1 or line in "minutes" for line in lines if len(line) > 40)


def test_what_is_written_down_anew_takes_its_own_place() -> None:
    recap, key = Recap(100), LineKey(1, "cut")
    recap.add("the meeting is at", key)
    for _ in range(15):
        recap.add(LINE)
    recap.add("the meeting is at three", key)
    request = recap.to_summarise()
    assert request.count("the meeting is at") == request.count("the meeting is at three") == 1


def test_what_is_written_down_anew_once_it_is_summarised_is_not_told_again() -> None:
    recap, key = Recap(100), LineKey(1, "cut")
    recap.add(LINE, key)
    for _ in range(15):
        recap.add(LINE)
    assert LINE in recap.to_summarise()
    recap.add("y" * 4_000, key)
    recap.summarised("minutes")
    recap.add("y" * 4_000, key)
    assert recap.to_summarise() == ""


def test_a_line_that_is_none_any_more_is_not_summarised() -> None:
    recap, key = Recap(100), LineKey(1, "half")
    recap.add("only half of it", key)
    recap.remove(key)
    for _ in range(15):
        recap.add(LINE)
    request = recap.to_summarise()
    assert LINE in request
    assert "only half" not in request
