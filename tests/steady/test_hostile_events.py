"""A server that has lost its mind takes neither the engine nor the transcript with it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.malformed_events import hostile_frames, uncaught
from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.session import Session


@pytest.mark.row(11)
@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_a_server_says_nothing_of_it_raises(seed: int) -> None:
    assert uncaught(hostile_frames(seed, 2_000))[0] == 0


def turn_events(number: int) -> list[s.ServerEvent]:
    item_id, before = f"item_{number}", f"item_{number - 1}" if number else ""
    return [
        s.InputAudioBufferSpeechStarted(item_id, number * 1_000),
        s.InputAudioTranscriptionDelta(item_id, 0, f"interim {number} "),
        s.InputAudioBufferSpeechStopped(item_id, number * 1_000 + 800),
        s.InputAudioBufferCommitted(item_id, before),
        s.InputAudioTranscriptionDelta(item_id, 0, "more"),
        s.InputAudioTranscriptionCompleted(item_id, 0, f"final words {number}"),
    ]


@st.composite
def disordered_talks(draw: st.DrawFn) -> tuple[int, list[s.ServerEvent]]:
    """Return how many turns there are, and their events, some of them twice, anywhere."""
    turns = draw(st.integers(1, 6))
    events = [event for number in range(turns) for event in turn_events(number)]
    events += draw(st.lists(st.sampled_from(events), max_size=20))
    random = Random(draw(st.integers(0, 2**32)))
    reach = draw(st.integers(0, len(events)))
    order = sorted(range(len(events)), key=lambda index: index + random.uniform(0, reach))
    return turns, [events[index] for index in order]


@pytest.mark.row(14)
@settings(max_examples=300)
@given(disordered_talks())
def test_events_in_any_order_and_any_number_give_each_line_once_with_its_final_words(
    talk: tuple[int, list[s.ServerEvent]],
) -> None:
    turns, events = talk
    session = Session("speaker", 1, 0, answers=False)
    state = reduce(AppState(), c.StreamAdded("speaker"))
    for event in events:
        for told in session.receive(event, 90_000):
            if isinstance(told, c.Change):
                state = reduce(state, told)
    words = [line.text for line in state.streams[0].transcript]
    assert sorted(words) == [f"final words {number}" for number in range(turns)]


@pytest.mark.row(14)
@given(st.integers(0, 5), st.integers(0, 5))
def test_nothing_that_is_said_in_a_session_that_is_over_is_heard(before: int, after: int) -> None:
    session = Session("speaker", 1, 0, answers=False)
    for event in turn_events(0)[:before]:
        session.receive(event, 1_000)
    session.close(1_500)
    assert [told for event in turn_events(0)[after:] for told in session.receive(event, 2_000)] == []
