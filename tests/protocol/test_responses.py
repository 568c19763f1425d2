"""Which question an answer belongs to, whoever began it."""

from __future__ import annotations

from sentra_tui.domain.changes import AnswerStarted, Change
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.context import ContextEntry
from sentra_tui.protocol.effects import Effect, SendEvent
from sentra_tui.protocol.objects import ErrorDetails, Response
from sentra_tui.protocol.response_queue import ALREADY_ACTIVE
from sentra_tui.protocol.session import Session
from tests.protocol.scenes import asks, new_session

TURN = s.InputAudioBufferCommitted("item_1")
DONE = s.ResponseDone(Response("resp_1", "completed"))


def created(number: int, question_id: str = "") -> s.ResponseCreated:
    return s.ResponseCreated(Response(f"resp_{number}", metadata={"question_id": question_id} if question_id else None))


def question_of(outcome: list[Change | Effect]) -> str:
    return next(told.question_id for told in outcome if isinstance(told, AnswerStarted))


def receive(session: Session, *events: s.ServerEvent) -> list[Change | Effect]:
    return [told for event in events for told in session.receive(event, 2_000)]


def test_an_answer_that_the_server_begins_belongs_to_the_newest_turn() -> None:
    assert question_of(receive(new_session(), TURN, created(1))) == "mic.1.item_1"


def test_an_answer_that_was_asked_for_belongs_to_its_question_by_metadata() -> None:
    session = new_session()
    receive(session, TURN)
    session.answer("speaker.1.item_7", 2_000)
    assert question_of(receive(session, created(1, "speaker.1.item_7"))) == "speaker.1.item_7"


def test_it_does_so_on_a_server_that_echoes_no_metadata() -> None:
    session = new_session()
    receive(session, TURN, created(1), DONE)
    session.answer("speaker.1.item_7", 2_000)
    assert question_of(receive(session, created(2))) == "speaker.1.item_7"


def test_an_answer_without_metadata_belongs_to_the_turn_that_has_none_even_while_another_is_asked_for() -> None:
    session = new_session()
    session.answer("speaker.1.item_7", 2_000)
    assert question_of(receive(session, TURN, created(1))) == "mic.1.item_1"
    busy = s.ServerError(ErrorDetails("invalid_request_error", ALREADY_ACTIVE, "busy", "event_1"))
    assert receive(session, busy) == []
    sent = [told.event for told in receive(session, DONE) if isinstance(told, SendEvent)]
    assert sent == [c.ResponseCreate(asks("speaker.1.item_7"), event_id="event_2")]


def test_a_turn_that_the_server_could_not_answer_since_another_ran_is_asked_for_once() -> None:
    session = new_session()
    busy = s.ServerError(ErrorDetails("invalid_request_error", ALREADY_ACTIVE, "busy"))
    receive(session, created(1), TURN)
    assert receive(session, busy) == []
    (create,) = [told for told in receive(session, DONE) if isinstance(told, SendEvent)]
    assert create.event == c.ResponseCreate(asks("mic.1.item_1"), event_id="event_1")
    assert receive(session, created(2, "mic.1.item_1"), s.ResponseDone(Response("resp_2", "completed")))[1:] != []
    assert session.tick(3_000) == []


def test_a_turn_that_nobody_answers_by_itself_is_not_asked_for() -> None:
    session = Session("mic", 1, 1_000, answers=True, answers_turns=False)
    receive(session, created(1), TURN)
    assert [told for told in receive(session, DONE) if isinstance(told, SendEvent)] == []


def test_two_questions_are_answered_one_after_the_other() -> None:
    session = new_session()
    first = session.answer("speaker.1.item_1", 2_000)
    assert session.answer("speaker.1.item_2", 2_000) == []
    (second,) = [told for told in receive(session, created(1), DONE) if isinstance(told, SendEvent)]
    assert first != [second]
    assert second.event == c.ResponseCreate(asks("speaker.1.item_2"), event_id="event_2")


def test_a_question_that_waits_is_answered_by_what_was_told_up_to_it() -> None:
    session = Session("mic", 1, 1_000, answers=True, mark="0f", context_lines=40)
    receive(session, s.SessionCreated())
    for number, text in enumerate(("is it slow", "is it cold", "never mind"), 1):
        session.tell(ContextEntry(f"speaker.1.item_{number}", "speaker", text))
        session.answer(f"speaker.1.item_{number}", 2_000)
    receive(session, created(1, "speaker.1.item_1"))
    (second,) = [told.event for told in receive(session, DONE) if isinstance(told, SendEvent)]
    assert isinstance(second, c.ResponseCreate)
    assert second.response is not None
    assert second.response.input is not None
    assert [item.content[0].text.split("\n")[1] for item in second.response.input] == ["is it slow", "is it cold"]


def test_words_are_read_aloud_beside_the_conversation_and_only_where_somebody_speaks() -> None:
    assert new_session().say_again("Yes.", 2_000) == []
    (sent,) = new_session(voice=True).say_again("Yes.", 2_000)
    assert isinstance(sent, SendEvent)
    assert isinstance(sent.event, c.ResponseCreate)
    assert sent.event.response is not None
    assert sent.event.response.conversation == "none"
    assert sent.event.response.input == (c.MessageItem("user", (c.InputText("Yes."),)),)


def test_a_turn_that_nobody_wants_answered_is_stopped_when_the_server_begins() -> None:
    session = new_session()
    receive(session, TURN)
    assert session.cancel_answer(2_000, "mic.1.item_1") == []
    assert receive(session, created(1)) == [SendEvent(c.ResponseCancel("resp_1", event_id="event_1"))]
    assert receive(session, s.ResponseOutputTextDelta("resp_1", "item_2", 0, 0, "Stopping."), DONE) == []
    assert question_of(receive(session, s.InputAudioBufferCommitted("item_3"), created(2))) == "mic.1.item_3"


def test_a_turn_that_nobody_wants_answered_is_not_asked_for_when_another_ran() -> None:
    session = new_session()
    receive(session, created(1), TURN)
    assert session.cancel_answer(2_000, "mic.1.item_1") == []
    assert [told for told in receive(session, DONE) if isinstance(told, SendEvent)] == []
    session.answer("speaker.1.item_7", 2_000)
    assert question_of(receive(session, created(2))) == "speaker.1.item_7"


def test_only_the_answer_to_the_question_that_is_named_is_stopped() -> None:
    session = new_session()
    receive(session, TURN, created(1))
    assert session.cancel_answer(2_000, "mic.1.item_9") == []
    assert session.cancel_answer(2_000, "mic.1.item_1") != []
