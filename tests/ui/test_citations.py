from __future__ import annotations

import time
from functools import reduce as fold

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.briefing import CITATION, time_of_day
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState
from sentra_tui.ui.citations import citations, cited_line
from tests.ui.scenes import STARTED_AT, said, two_lanes


def state_after(*changes: c.Change) -> AppState:
    return fold(reduce, changes, AppState())


def test_each_cited_time_is_told_once_in_order() -> None:
    text = "as [12:01:14] and [12:00:24], [12:01:14]; not 12:00:00, [1:2:3] or [12:00]"
    assert citations(text) == ("12:01:14", "12:00:24")


def test_the_line_of_that_second_is_found_whatever_stream_said_it() -> None:
    state = state_after(*two_lanes())
    for cited, stream, words in (("12:00:47", "mic", "the entry is gone"), ("12:00:38", "speaker", "and what happens")):
        found = cited_line(state, cited)
        assert found is not None
        assert found.stream == stream
        assert found.line.text.startswith(words)


def test_neither_an_echo_of_the_line_nor_a_gap_stands_before_it() -> None:
    words = "and what happens when the cache node restarts"
    state = state_after(
        c.EngineStarted("1", STARTED_AT, "local"),
        c.StreamAdded("mic"),
        c.StreamAdded("speaker"),
        said("speaker", 1, 38_100, words),
        said("mic", 1, 38_300, words),
        c.LineEchoed("mic", 1, "mic1"),
        said("mic", 2, 38_400, "the microphone was gone", "gap"),
        c.ContactHeard("mic", 60_000),
    )
    found = cited_line(state, "12:00:38")
    assert found is not None
    assert found.stream == "speaker"


def test_a_time_within_a_line_finds_it_and_one_outside_the_talk_finds_none() -> None:
    state = state_after(*two_lanes())
    found = cited_line(state, "12:00:48")
    assert found is not None
    assert found.line.text.startswith("the entry is gone")
    assert cited_line(state, "11:59:59") is None
    assert cited_line(state, "12:00:05") is None
    assert cited_line(state, "99:99:99") is None


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
@pytest.mark.parametrize("started_at", [STARTED_AT, STARTED_AT + 0.999, 1_793_512_799.4])
def test_every_line_is_found_by_the_time_that_assistants_are_told(
    monkeypatch: pytest.MonkeyPatch, zone: str, started_at: float
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    lines = [said("mic", number, at_ms, "x") for number, at_ms in enumerate([0, 1_001, 59_999, 90_007_500])]
    state = state_after(c.EngineStarted("1", started_at, "local"), c.StreamAdded("mic"), *lines)
    state = reduce(state, c.ContactHeard("mic", 90_007_600))
    for line in state.streams[0].transcript:
        match = CITATION.fullmatch(time_of_day(started_at, line.start_ms))
        assert match is not None
        found = cited_line(state, match[1])
        assert found is not None
        assert found.line is line


def test_of_two_days_with_that_time_the_newer_is_meant() -> None:
    lines = [said("mic", 1, 1_000, "yesterday"), said("mic", 2, 86_401_000, "today")]
    state = state_after(c.EngineStarted("1", STARTED_AT, "local"), c.StreamAdded("mic"), *lines)
    found = cited_line(reduce(state, c.ContactHeard("mic", 86_402_000)), "12:00:01")
    assert found is not None
    assert found.line.text == "today"
