from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.speech import PAUSE_MS, START_STEPS, Speech, SpeechEdge


def edges(speech: Speech, steps: list[bool]) -> list[SpeechEdge]:
    return [edge for edge in map(speech.hear, steps) if edge is not None]


def test_five_of_six_begin_it_and_a_pause_ends_it() -> None:
    speech = Speech()
    assert edges(speech, [True, True, False, True, True, True]) == ["began"]
    assert edges(speech, [False] * (PAUSE_MS // 10 - 1)) == []
    assert edges(speech, [False]) == ["ended"]


def test_a_click_begins_nothing() -> None:
    assert edges(Speech(), [True] * (START_STEPS - 1) + [False] * 100) == []


def test_a_breath_ends_nothing() -> None:
    speech = Speech()
    edges(speech, [True] * 6)
    assert edges(speech, ([False] * 50 + [True]) * 5) == []


@given(st.lists(st.booleans(), max_size=400))
def test_beginnings_and_ends_take_turns(steps: list[bool]) -> None:
    found = edges(Speech(pause_ms=100), steps)
    assert found == ["began", "ended"] * (len(found) // 2) + ["began"] * (len(found) % 2)
