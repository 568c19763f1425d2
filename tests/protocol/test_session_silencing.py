"""How an answer is stopped: by the user, by speech, by the server."""

from __future__ import annotations

from sentra_tui.domain.changes import AnswerCut, LineOpened
from sentra_tui.domain.state import AnswerStatus
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.effects import BeginPlayback, FlushPlayback, SendEvent
from sentra_tui.protocol.objects import ErrorDetails, Response
from sentra_tui.protocol.response_queue import CANCEL_NOT_ACTIVE
from sentra_tui.protocol.session import Session
from tests.protocol.scenes import COMPLETED, CREATED, ended, new_session, play, started, text


def test_cancelling_a_spoken_answer_stops_it_at_both_ends() -> None:
    session = new_session(voice=True)
    play(session, [CREATED, text("Well")])
    assert session.cancel_answer(2_500) == [
        FlushPlayback(),
        SendEvent(c.ResponseCancel("resp_1", event_id="event_1")),
        SendEvent(c.OutputAudioBufferClear(event_id="event_2")),
        ended(AnswerStatus.CANCELLED, cause="stopped", now_ms=2_500),
    ]


def test_cancelling_a_written_answer_clears_no_sound() -> None:
    session = new_session()
    play(session, [CREATED, text("Well")])
    sent = [told.event for told in session.cancel_answer(2_500) if isinstance(told, SendEvent)]
    assert sent == [c.ResponseCancel("resp_1", event_id="event_1")]


def test_a_late_delta_of_a_cancelled_answer_is_dropped() -> None:
    session = new_session()
    play(session, [CREATED, text("Well")])
    session.cancel_answer(2_500)
    assert play(session, [text(" yes"), s.ResponseDone(Response("resp_1", "cancelled"))]) == []


def test_a_cancel_that_crossed_the_end_is_not_told() -> None:
    session = new_session()
    play(session, [CREATED, text("Well")])
    session.cancel_answer(2_500)
    error = s.ServerError(ErrorDetails("invalid_request_error", CANCEL_NOT_ACTIVE, "nothing", "event_1"))
    assert play(session, [COMPLETED, error]) == []


def test_an_answer_that_was_cancelled_before_it_began_is_never_shown() -> None:
    session = new_session()
    session.say_text("why?", 2_000)
    session.cancel_answer(2_000)
    assert play(session, [CREATED, text("Because"), s.ResponseDone(Response("resp_1", "cancelled"))]) == []
    assert play(session, [s.ResponseCreated(Response("resp_2"))]) == [started("resp_2")]


def test_an_answer_that_is_complete_and_still_sounds_can_be_silenced() -> None:
    session = new_session(voice=True)
    play(session, [CREATED, s.OutputAudioBufferStarted("resp_1"), text("Yes."), COMPLETED])
    assert session.cancel_answer(3_000) == [
        FlushPlayback(),
        AnswerCut("mic.1.resp_1", 3_000, 0, 0),
        SendEvent(c.OutputAudioBufferClear(event_id="event_1")),
    ]


def test_there_is_nothing_to_cancel_in_silence() -> None:
    session = new_session(voice=True)
    play(session, [CREATED, s.OutputAudioBufferStarted("resp_1"), COMPLETED, s.OutputAudioBufferStopped("resp_1")])
    assert session.cancel_answer(3_000) == []


def test_speaking_silences_the_answer_that_sounds_once() -> None:
    session = new_session(voice=True)
    play(session, [CREATED, s.OutputAudioBufferStarted("resp_1")])
    assert session.receive(s.InputAudioBufferSpeechStarted("item_9", 500), 2_000) == [
        FlushPlayback(),
        AnswerCut("mic.1.resp_1", 2_000, 0, 0),
        LineOpened("mic", LineKey(1, "item_9"), 1_500),
    ]
    assert session.receive(s.OutputAudioBufferCleared("resp_1"), 2_000) == []


def test_speaking_silences_an_answer_whose_sound_was_not_announced() -> None:
    session = new_session(voice=True)
    play(session, [CREATED, s.ResponseOutputAudioTranscriptDelta("resp_1", "item_1", 0, 0, "Well")])
    assert session.receive(s.InputAudioBufferSpeechStarted("item_9", 500), 2_000)[0] == FlushPlayback()


def test_speaking_flushes_nothing_while_nothing_sounds() -> None:
    session = new_session()
    play(session, [CREATED, text("Yes.")])
    assert FlushPlayback() not in session.receive(s.InputAudioBufferSpeechStarted("item_9", 500), 2_000)


def test_a_server_that_clears_its_own_sound_has_ours_flushed() -> None:
    session = new_session(voice=True)
    cleared = s.OutputAudioBufferCleared("resp_1")
    assert play(session, [CREATED, s.OutputAudioBufferStarted("resp_1"), cleared])[-2] == FlushPlayback()


def spoken(session: Session) -> None:
    words = s.ResponseOutputAudioTranscriptDelta("resp_1", "item_1", 0, 0, "Write through stores first.")
    play(session, [CREATED, s.OutputAudioBufferStarted("resp_1"), words, COMPLETED])


def test_a_cut_tells_how_much_was_heard() -> None:
    session = Session("mic", 1, 1_000, answers=True, voice=True, heard_ms=lambda: 1_000)
    spoken(session)
    assert AnswerCut("mic.1.resp_1", 3_000, 1_000, 15) in session.cancel_answer(3_000)


def test_over_webrtc_the_server_truncates_by_itself() -> None:
    session = Session("mic", 1, 1_000, answers=True, voice=True, heard_ms=lambda: 1_000)
    spoken(session)
    assert not [told for told in session.cancel_answer(3_000) if truncates(told)]


def test_elsewhere_the_server_is_told_what_was_heard() -> None:
    session = Session("mic", 1, 1_000, answers=True, voice=True, heard_ms=lambda: 700, server_truncates=False)
    spoken(session)
    sent = [told.event for told in session.cancel_answer(3_000) if isinstance(told, SendEvent)]
    assert c.ConversationItemTruncate("item_1", 0, 700, event_id="event_1") in sent
    assert not [event for event in sent if isinstance(event, c.OutputAudioBufferClear)]


def test_a_cut_belongs_to_the_answer_that_sounds_and_not_to_one_whose_words_came_ahead_of_its_sound() -> None:
    session = Session("mic", 1, 1_000, answers=True, voice=True, heard_ms=lambda: 700, server_truncates=False)
    spoken(session)
    second = s.ResponseCreated(Response("resp_2"))
    ahead = s.ResponseOutputAudioTranscriptDelta("resp_2", "item_2", 0, 0, "And then")
    assert BeginPlayback() not in play(session, [second, ahead])
    told = session.receive(s.InputAudioBufferSpeechStarted("item_9", 500), 2_000)
    assert AnswerCut("mic.1.resp_1", 2_000, 700, 10) in told
    assert SendEvent(c.ConversationItemTruncate("item_1", 0, 700, event_id="event_1")) in told
    assert BeginPlayback() in session.receive(s.OutputAudioBufferStarted("resp_2"), 3_000)


def test_an_answer_of_which_nothing_was_heard_is_deleted() -> None:
    session = Session("mic", 1, 1_000, answers=True, voice=True, server_truncates=False)
    spoken(session)
    speech = session.receive(s.InputAudioBufferSpeechStarted("item_9", 500), 2_000)
    assert SendEvent(c.ConversationItemDelete("item_1", event_id="event_1")) in speech


def test_only_the_answer_to_one_question_is_stopped_where_one_is_named() -> None:
    session = new_session()
    session.answer("speaker.1.item_7", 2_000)
    play(session, [CREATED])
    assert session.cancel_answer(2_500, "mic.1.item_1") == []
    assert session.cancel_answer(2_500, "speaker.1.item_7") != []


def truncates(told: object) -> bool:
    return isinstance(told, SendEvent) and isinstance(told.event, c.ConversationItemTruncate | c.ConversationItemDelete)
