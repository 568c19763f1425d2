from __future__ import annotations

import pytest

from sentra_tui.domain.changes import (
    AnswerEnded,
    AnswerExtended,
)
from sentra_tui.domain.state import AnswerStatus, Lane
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.answers import OVER_KEPT
from sentra_tui.protocol.effects import BeginPlayback
from sentra_tui.protocol.objects import ContentPart, ErrorDetails, Item, Response, StatusDetails
from tests.protocol.scenes import COMPLETED, CREATED, ended, extended, new_session, play, started, text


def test_a_written_answer_from_its_beginning_to_its_end() -> None:
    events = [CREATED, text("Store first, "), text("then cache."), COMPLETED]
    assert play(new_session(), events) == [started(), extended("Store first, "), extended("then cache."), ended()]


def test_a_spoken_answer_is_told_by_its_transcript() -> None:
    events = [
        CREATED,
        s.ResponseOutputAudioTranscriptDelta("resp_1", "item_1", 0, 0, "Store "),
        s.ResponseOutputAudioTranscriptDone("resp_1", "item_1", 0, 0, "Store first."),
        COMPLETED,
    ]
    told = play(new_session(voice=True), events)
    assert told == [started(), extended("Store "), BeginPlayback(), ended(words="Store first.")]


def test_words_that_only_the_end_of_a_part_tells_are_told() -> None:
    events = [CREATED, s.ResponseOutputTextDone("resp_1", "item_1", 0, 0, "Yes."), COMPLETED]
    assert play(new_session(), events) == [started(), extended("Yes."), ended()]


def test_words_that_only_the_end_of_the_response_tells_are_told() -> None:
    output = (Item(content=(ContentPart("output_text", "Yes."), ContentPart("output_audio", "", "Sure."))),)
    events = [CREATED, s.ResponseDone(Response("resp_1", "completed", output=output))]
    assert play(new_session(), events) == [started(), ended(words="Yes.\nSure.")]


def test_the_parts_of_an_answer_stand_on_lines_of_their_own() -> None:
    events = [CREATED, text("Let me see."), text("Yes", "item_2"), text(".", "item_2"), text("!", "item_2", 1)]
    outcome = play(new_session(), [*events, COMPLETED])
    assert outcome[1:] == [extended("Let me see."), extended("\nYes"), extended("."), extended("\n!"), ended()]


def test_parts_that_come_interleaved_are_put_right_at_the_end() -> None:
    outcome = play(new_session(), [CREATED, text("A"), text("B", "item_2"), text("a"), COMPLETED])
    assert outcome[-1] == ended(words="Aa\nB")


def test_an_answer_whose_beginning_was_not_told_begins_with_its_first_word() -> None:
    assert play(new_session(), [text("Yes.")]) == [started(), extended("Yes.")]


def test_an_answer_without_names_is_still_one_answer() -> None:
    events = [
        s.ResponseCreated(),
        s.ResponseOutputTextDelta(delta="Yes."),
        s.ResponseDone(),
        s.ResponseCreated(),
    ]
    assert play(new_session(), events) == [
        started("unnamed_1"),
        AnswerExtended("mic.1.unnamed_1", Lane.AUX, 2_000, "Yes."),
        AnswerEnded("mic.1.unnamed_1", Lane.AUX, 2_000, AnswerStatus.COMPLETED),
        started("unnamed_2"),
    ]


@pytest.mark.parametrize(
    ("response", "status", "cause"),
    [
        (
            Response("resp_1", "cancelled", StatusDetails(reason="turn_detected")),
            AnswerStatus.CANCELLED,
            "interrupted by speech",
        ),
        (
            Response("resp_1", "incomplete", StatusDetails(reason="max_output_tokens")),
            AnswerStatus.INCOMPLETE,
            "cut at the length limit",
        ),
        (Response("resp_1", "incomplete", StatusDetails(reason="whim")), AnswerStatus.INCOMPLETE, "whim"),
        (
            Response("resp_1", "failed", StatusDetails(error=ErrorDetails(message="too\nbusy"))),
            AnswerStatus.FAILED,
            "too busy",
        ),
        (Response("resp_1", "failed"), AnswerStatus.FAILED, "the provider gave no reason"),
        (Response("resp_1", "failed", StatusDetails()), AnswerStatus.FAILED, "the provider gave no reason"),
        (Response("resp_1", "completed"), AnswerStatus.COMPLETED, ""),
        (Response("resp_1"), AnswerStatus.COMPLETED, ""),
    ],
)
def test_the_end_of_an_answer_says_why(response: Response, status: AnswerStatus, cause: str) -> None:
    outcome = play(new_session(), [CREATED, text("Yes."), s.ResponseDone(response)])
    assert outcome[-1] == ended(status, cause=cause)


def test_an_answer_without_words_is_not_called_complete() -> None:
    assert play(new_session(), [CREATED, COMPLETED])[-1] == ended(AnswerStatus.INCOMPLETE, cause="no words came")


def test_a_new_answer_ends_one_whose_end_was_not_told() -> None:
    outcome = play(new_session(), [CREATED, text("Yes"), s.ResponseCreated(Response("resp_2")), text(" late")])
    assert outcome[2:] == [ended(AnswerStatus.INCOMPLETE, cause="its end was not told"), started("resp_2")]


def test_nothing_that_comes_after_the_end_changes_an_answer() -> None:
    session = new_session()
    play(session, [CREATED, text("Yes."), COMPLETED])
    late = [CREATED, text(" late"), s.ResponseOutputTextDone("resp_1", "item_1", 0, 0, "No."), COMPLETED]
    assert play(session, late) == []


def test_however_many_answers_came_a_late_word_begins_none_anew() -> None:
    session = new_session()
    for number in range(OVER_KEPT + 10):
        play(
            session, [s.ResponseCreated(Response(f"r_{number}")), s.ResponseDone(Response(f"r_{number}", "completed"))]
        )
    late = s.ResponseOutputTextDelta(f"r_{OVER_KEPT}", "item_1", 0, 0, "late")
    assert play(session, [late]) == []
