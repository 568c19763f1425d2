"""Where turns begin and end in what was heard."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.http_session.settings import TurnDetection
from sentra_tui.protocol.http_session.turns import Span, TurnEvent, TurnFinder

LONGEST_MS = 2_000


def finder(silence_ms: int = 500, longest_ms: int = LONGEST_MS) -> TurnFinder:
    made = TurnFinder(longest_ms)
    made.configure(TurnDetection(silence_duration_ms=silence_ms))
    return made


def hear(turns: TurnFinder, duration_ms: int, speech: bool) -> list[TurnEvent]:
    return [event for _ in range(duration_ms // 10) if (event := turns.hear(speech)) is not None]


def test_a_turn_has_a_little_sound_around_its_words() -> None:
    turns = finder()
    assert hear(turns, 1_000, speech=False) == []
    assert hear(turns, 400, speech=True) == ["began"]
    assert hear(turns, 500, speech=False) == ["paused", "paused", "ended"]
    assert turns.take() == Span(700, 1_600)


def test_a_click_is_no_turn() -> None:
    turns = finder()
    assert hear(turns, 40, speech=True) == []
    assert hear(turns, 1_000, speech=False) == []
    assert turns.take() is None


def test_a_long_turn_is_cut_in_a_pause_and_goes_on() -> None:
    turns = finder()
    hear(turns, 1_700, speech=True)
    assert hear(turns, 120, speech=False) == ["paused", "cut"]
    first = turns.take()
    assert hear(turns, 100, speech=True) == ["began"]
    hear(turns, 490, speech=False)
    assert turns.hear(False) == "ended"
    second = turns.take()
    assert first is not None
    assert second is not None
    assert second.start_ms >= first.end_ms


def test_a_turn_that_the_client_ends_goes_on_through_silence() -> None:
    turns = TurnFinder(LONGEST_MS)
    turns.configure(None)
    hear(turns, 1_000, speech=False)
    assert hear(turns, 200, speech=True) == ["began"]
    hear(turns, 1_200, speech=False)
    assert turns.take() == Span(700, 1_400)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 150)), max_size=30))
def test_turns_hold_all_speech_do_not_overlap_and_are_no_longer_than_allowed(runs: list[tuple[bool, int]]) -> None:
    turns = finder(silence_ms=200)
    spans: list[Span] = []
    spoken: list[int] = []
    for speech, steps in [*runs, (False, 30)]:
        for _ in range(steps):
            event = turns.hear(speech)
            if speech and steps >= 6:
                spoken.append(turns.heard_ms)
            if event in ("ended", "cut"):
                span = turns.take()
                spans += [] if span is None else [span]
    assert all(span.length_ms <= LONGEST_MS + 10 for span in spans)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(spans))
    covered = {ms for span in spans for ms in range(span.start_ms, span.end_ms + 1, 10)}
    assert set(spoken) <= covered
