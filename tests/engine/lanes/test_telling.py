"""What a new session is told of the talk before it."""

from __future__ import annotations

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.lanes.telling import told_apart, told_before

BUDGET = 40


def talk(*marked: int) -> AppState:
    """Return a talk of 20 lines of the speaker, some of them marked."""
    state = reduce(AppState(), c.StreamAdded("speaker"))
    for number in range(20):
        key = LineKey(1, f"item_{number}")
        committed = c.TranscriptCommitted("speaker", key, f"line {number} of the talk", number * 1_000, number * 1_000)
        state = reduce(state, committed)
    for number in marked:
        state = reduce(state, c.LineNoted("speaker", LineKey(1, f"item_{number}"), 30_000))
    return state


def test_marked_lines_that_are_too_old_to_be_replayed_are_told_apart_and_none_twice() -> None:
    state = talk(2, 5, 19)
    marked, minutes = told_apart(state, BUDGET, "the cache is cold")
    assert "line 2 of" in marked.text and "line 5 of" in marked.text
    assert "line 19 of" not in marked.text
    assert any("line 19 of" in entry.text for entry in told_before(state, BUDGET))
    assert (minutes.voice, minutes.text) == ("minutes", "the cache is cold")


def test_without_marks_nothing_is_told_apart_but_the_minutes() -> None:
    marked, _ = told_apart(talk(), BUDGET, "")
    assert marked.text == ""
