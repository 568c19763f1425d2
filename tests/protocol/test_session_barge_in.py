"""Who stops a spoken answer when the user speaks, and who ends a turn: the server, or we."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.changes import AnswerCut, Change, LineOpened
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.effects import Effect, FlushPlayback, SendEvent
from sentra_tui.protocol.objects import Response
from sentra_tui.protocol.session import Session
from tests.protocol.scenes import COMPLETED, CREATED, asks, new_session, play

SPEECH = s.InputAudioBufferSpeechStarted("item_9", 500)
STOPPED = s.InputAudioBufferSpeechStopped("item_9", 900)
COMMITTED = s.InputAudioBufferCommitted("item_9")
CANCELLED = s.ResponseDone(Response("resp_1", "cancelled"))
CLEARED = s.OutputAudioBufferCleared("resp_1")
SOUNDING = [CREATED, s.OutputAudioBufferStarted("resp_1")]


def ours() -> Session:
    session = new_session(voice=True, server_interrupts=False)
    play(session, SOUNDING)
    return session


def cuts(outcome: list[Change | Effect]) -> int:
    return sum(isinstance(told, AnswerCut) for told in outcome)


def sent(outcome: list[Change | Effect]) -> list[c.ClientEvent]:
    return [told.event for told in outcome if isinstance(told, SendEvent)]


def test_speech_that_the_server_hears_leaves_an_answer_alone_where_stopping_is_ours() -> None:
    assert ours().receive(SPEECH, 2_000) == [LineOpened("mic", LineKey(1, "item_9"), 1_500)]


@pytest.mark.parametrize("server_interrupts", [True, False])
def test_an_answer_that_both_sides_stop_is_cut_once(server_interrupts: bool) -> None:
    session = new_session(voice=True, server_interrupts=server_interrupts)
    play(session, SOUNDING)
    outcome = session.cancel_answer(2_000) + play(session, [SPEECH, CLEARED, CANCELLED])
    assert cuts(outcome) == 1
    assert outcome.count(FlushPlayback()) == 1


def test_a_server_that_stops_its_answer_against_our_word_is_believed() -> None:
    outcome = play(ours(), [SPEECH, CLEARED, CANCELLED])
    assert cuts(outcome) == 1


def test_who_interrupted_is_answered_by_the_server_itself() -> None:
    session = ours()
    session.cancel_answer(2_000)
    assert sent(play(session, [CANCELLED, SPEECH, STOPPED, COMMITTED])) == []
    assert play(session, [s.ResponseCreated(Response("resp_2"))])[0].question_id == "mic.1.item_9"  # type: ignore[union-attr]


def test_who_interrupted_is_answered_where_the_server_was_still_busy_with_the_old_answer() -> None:
    session = ours()
    play(session, [SPEECH])
    session.cancel_answer(2_000)
    assert sent(play(session, [STOPPED, COMMITTED])) == []
    assert [event for event in sent(play(session, [CANCELLED])) if isinstance(event, c.ResponseCreate)] == [
        c.ResponseCreate(asks("mic.1.item_9"), event_id="event_3")
    ]


_events = st.lists(st.sampled_from(["stop", SPEECH, STOPPED, COMMITTED, CLEARED, CANCELLED, COMPLETED]), max_size=12)


@given(_events, st.booleans())
def test_one_answer_is_cut_at_most_once_whoever_says_stop(events: list[object], server_interrupts: bool) -> None:
    session = new_session(voice=True, server_interrupts=server_interrupts)
    play(session, SOUNDING)
    outcome: list[Change | Effect] = []
    for event in events:
        outcome += session.cancel_answer(2_000) if event == "stop" else play(session, [event])
    assert cuts(outcome) <= 1
    assert ("stop" not in events and CLEARED not in events) or cuts(outcome) == 1


def test_a_turn_is_committed_and_becomes_a_line_like_any_other() -> None:
    session = new_session(answers=False)
    assert session.commit() == [SendEvent(c.InputAudioBufferCommit(event_id="event_1"))]
    assert play(session, [COMMITTED]) == [LineOpened("mic", LineKey(1, "item_9"), 2_000)]


def test_a_turn_that_ends_before_the_session_stands_is_committed_once_it_does() -> None:
    session = Session("speaker", 1, 1_000, answers=False)
    assert session.commit() == []
    assert len(session.receive(s.SessionCreated(), 1_500)) == 1


def test_nothing_is_committed_in_a_call_that_is_over() -> None:
    session = new_session(answers=False)
    session.close(2_000)
    assert session.commit() == []
