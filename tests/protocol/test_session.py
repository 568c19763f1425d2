from __future__ import annotations

from typing import Any

import pytest

from sentra_tui.domain.changes import (
    LineOpened,
    Noticed,
    TranscriptCommitted,
    TranscriptExtended,
    TranscriptFailed,
)
from sentra_tui.domain.errors import ProtocolError
from sentra_tui.domain.state import AnswerStatus
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.effects import CallBroken, SendEvent
from sentra_tui.protocol.objects import ContentPart, ErrorDetails, Item
from sentra_tui.protocol.response_queue import ALREADY_ACTIVE, PATIENCE_MS, QueueState
from sentra_tui.protocol.session import CALL_ENDED
from tests.protocol.scenes import COMPLETED, CREATED, asks, ended, extended, new_session, play, text


def test_a_spoken_turn_becomes_a_line_with_its_times() -> None:
    events = [
        s.SessionCreated(),
        s.InputAudioBufferSpeechStarted("item_1", 200),
        s.InputAudioBufferSpeechStopped("item_1", 900),
        s.InputAudioBufferCommitted("item_1"),
        s.ConversationItemAdded(Item("item_1", "message", "user", content=(ContentPart("input_audio"),))),
        s.InputAudioTranscriptionDelta("item_1", 0, "so the cash"),
        s.InputAudioTranscriptionCompleted("item_1", 0, "so the cache"),
    ]
    key = LineKey(1, "item_1")
    assert play(new_session(), events) == [
        LineOpened("mic", key, 1_200),
        TranscriptExtended("mic", key, 2_000, "so the cash"),
        TranscriptCommitted("mic", key, "so the cache", 1_200, 1_900),
    ]


def test_typed_text_is_a_line_an_item_and_a_request() -> None:
    item = c.MessageItem("user", (c.InputText("why?"),), id="typed_1")
    assert new_session().say_text("why?", 2_000) == [
        TranscriptCommitted("mic", LineKey(1, "typed_1"), "why?", 2_000, 2_000, "typed"),
        SendEvent(c.ConversationItemCreate(item, event_id="event_1")),
        SendEvent(c.ResponseCreate(asks("mic.1.typed_1"), event_id="event_2")),
    ]


def test_typed_text_during_an_answer_is_answered_after_it() -> None:
    session = new_session()
    play(session, [CREATED, text("Yes.")])
    assert len(session.say_text("why?", 2_000)) == 2
    assert session.receive(COMPLETED, 2_000) == [
        ended(),
        SendEvent(c.ResponseCreate(asks("mic.1.typed_1"), event_id="event_2")),
    ]


def test_a_request_that_met_an_answer_of_the_server_is_sent_again_and_not_told() -> None:
    session = new_session()
    session.say_text("why?", 2_000)
    play(session, [CREATED, text("Hm.")])
    busy = s.ServerError(ErrorDetails("invalid_request_error", ALREADY_ACTIVE, "busy", "event_2"))
    assert session.receive(busy, 2_000) == []
    assert session.receive(COMPLETED, 2_000)[-1] == SendEvent(
        c.ResponseCreate(asks("mic.1.typed_1"), event_id="event_3")
    )


def test_typed_text_that_no_wire_can_carry_is_mended() -> None:
    sent = [told for told in new_session().say_text("a\udcffb", 2_000) if isinstance(told, SendEvent)]
    assert isinstance(sent[0].event, c.ConversationItemCreate)
    assert sent[0].event.item.content == (c.InputText("a?b"),)


def test_typed_text_takes_no_name_that_the_server_used() -> None:
    session = new_session()
    play(session, [s.InputAudioTranscriptionCompleted("typed_1", 0, "hello")])
    typed = session.say_text("why?", 2_000)[0]
    assert typed == TranscriptCommitted("mic", LineKey(1, "typed_2"), "why?", 2_000, 2_000, "typed")


def test_nobody_takes_text_in_a_call_that_only_listens_or_is_over() -> None:
    with pytest.raises(ProtocolError):
        new_session(answers=False).say_text("why?", 2_000)
    session = new_session()
    session.close(2_000)
    with pytest.raises(ProtocolError):
        session.say_text("why?", 2_000)


def test_a_call_that_only_listens_shows_no_answer() -> None:
    session = new_session(answers=False)
    assert play(session, [CREATED, text("Yes."), s.OutputAudioBufferStarted("resp_1"), COMPLETED]) == []
    assert session.say_again("Yes.", 2_000) == []
    assert session.cancel_answer(2_000) == []


def test_an_update_carries_what_changed_and_nothing_where_nothing_did() -> None:
    session = new_session()
    changed = {"type": "realtime", "output_modalities": ["audio"]}
    update = c.SessionUpdate(changed, event_id="event_1")
    assert session.update(changed, voice=True) == [SendEvent(update)]
    assert session.update({}, voice=True) == []


def test_a_refusal_of_the_server_gives_the_call_up() -> None:
    (broken,) = play(new_session(), [s.ServerError(ErrorDetails(code="invalid_api_key", message="no"))])
    assert isinstance(broken, CallBroken)
    assert broken.refused


def test_the_same_notice_is_not_told_twice_in_a_row() -> None:
    error = s.ServerError(ErrorDetails("server_error", message="try later"))
    other = s.ServerError(ErrorDetails("server_error", message="really"))
    assert len(play(new_session(), [error, error, other, error])) == 3


def test_a_request_that_was_refused_is_told_and_the_next_one_is_sent() -> None:
    session = new_session()
    session.say_text("why?", 2_000)
    error = s.ServerError(ErrorDetails(code="rate_limit_exceeded", message="too fast", event_id="event_2"))
    assert [type(told) for told in session.receive(error, 2_000)] == [Noticed]
    assert session.say_text("and?", 2_000)[-1] == SendEvent(c.ResponseCreate(asks("mic.1.typed_2"), event_id="event_4"))


def test_a_server_that_does_not_answer_is_told_of() -> None:
    session = new_session()
    session.say_text("why?", 2_000)
    deadline_ms = 2_000 + PATIENCE_MS[QueueState.CREATE_REQUESTED]
    assert session.tick(deadline_ms - 1) == []
    assert [type(told) for told in session.tick(deadline_ms)] == [Noticed]
    assert session.tick(deadline_ms) == []


def test_an_answer_that_falls_silent_ends_and_the_next_is_asked_for() -> None:
    session = new_session()
    play(session, [CREATED, text("Well")])
    session.say_text("why?", 2_000)
    deadline_ms = 2_000 + PATIENCE_MS[QueueState.ACTIVE]
    assert session.tick(deadline_ms) == [
        ended(AnswerStatus.INCOMPLETE, cause="the provider fell silent", now_ms=deadline_ms),
        SendEvent(c.ResponseCreate(asks("mic.1.typed_1"), event_id="event_2")),
    ]


def test_the_end_of_the_call_settles_what_is_open() -> None:
    session = new_session()
    interim = s.InputAudioTranscriptionDelta("item_1", 0, "half a sen")
    play(session, [interim, s.InputAudioBufferCommitted("item_2", "item_1"), CREATED, text("Well")])
    assert session.close(3_000) == [
        TranscriptCommitted("mic", LineKey(1, "item_1"), "half a sen", 2_000, 3_000, partial=True),
        TranscriptFailed("mic", LineKey(1, "item_2"), 3_000, CALL_ENDED),
        ended(AnswerStatus.INCOMPLETE, cause=CALL_ENDED, now_ms=3_000),
    ]


def test_the_end_of_the_call_leaves_text_that_was_not_answered_to_the_next_one() -> None:
    session = new_session()
    session.say_text("why?", 2_000)
    assert session.close(3_000) == []


def test_nothing_happens_in_a_call_that_is_over() -> None:
    session = new_session(voice=True)
    play(session, [CREATED, text("Well")])
    session.close(3_000)
    assert session.close(3_001) == []
    assert play(session, [text(" yes"), s.InputAudioTranscriptionCompleted("item_1", 0, "late")]) == []
    assert session.cancel_answer(3_001) == []
    assert session.update({"type": "realtime"}, voice=False) == []
    assert session.tick(10**9) == []


@pytest.mark.parametrize(
    "event",
    [
        s.Unknown("ping", "{}"),
        s.SessionUpdated(),
        s.InputAudioBufferCleared(),
        s.ConversationItemDeleted("item_1"),
        s.ResponseOutputAudioDelta("resp_1", delta="AAAA"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_that_say_nothing_to_us_are_passed_over(event: Any) -> None:
    assert new_session().receive(event, 2_000) == []


def test_words_of_the_wire_are_cleaned_once() -> None:
    hostile = "\x1b[31mred\u202e\x9b"
    outcome = play(new_session(), [CREATED, text(hostile), s.InputAudioTranscriptionDelta("item_1", 0, hostile)])
    assert outcome[1] == extended("␛[31mred\ufffd")
    assert outcome[-1] == TranscriptExtended("mic", LineKey(1, "item_1"), 2_000, "␛[31mred\ufffd")
