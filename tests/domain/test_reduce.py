from __future__ import annotations

from functools import reduce as fold
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import ANSWERS_KEPT, NOTICES_KEPT, reduce
from sentra_tui.domain.state import (
    Answer,
    AnswerStatus,
    AppState,
    Connection,
    Lane,
    Quality,
    Severity,
    SourceStatus,
    Stream,
)
from sentra_tui.domain.transcript import Line, LineKey
from tests.strategies import values_of

FEW = settings(max_examples=25)
KEY = LineKey(1, "a")


def after(*changes: c.Change, state: AppState | None = None) -> AppState:
    return fold(reduce, changes, state or reduce(AppState(), c.StreamAdded("mic")))


def mic(*changes: c.Change) -> Stream:
    return after(*changes).streams[0]


def line(*changes: c.Change) -> Line | None:
    return mic(*changes).transcript.find(KEY)


def answer(*changes: c.Change) -> Answer:
    return after(*changes).answers[-1]


@pytest.mark.parametrize("kind", get_args(c.Change), ids=lambda kind: kind.__name__)
@FEW
@given(st.data())
def test_every_change_has_an_arm(kind: Any, data: st.DataObject) -> None:
    assert isinstance(after(data.draw(values_of(kind))), AppState)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in get_args(c.Change) if "stream" in kind.__struct_fields__ and kind is not c.StreamAdded],
    ids=lambda kind: kind.__name__,
)
@FEW
@given(st.data())
def test_a_change_about_an_unknown_stream_is_harmless(kind: Any, data: st.DataObject) -> None:
    before = after()
    change = data.draw(values_of(kind).filter(lambda change: change.stream != "mic"))
    assert after(change, state=before).streams == before.streams


def test_something_that_is_no_change_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="str"):
        reduce(AppState(), "hello")  # type: ignore[arg-type]


def test_streams_stand_in_the_order_in_which_they_were_named_and_once() -> None:
    state = after(c.StreamAdded("speaker"), c.StreamAdded("mic"))
    assert [stream.name for stream in state.streams] == ["mic", "speaker"]


def test_time_never_goes_back() -> None:
    state = after(c.StreamConnecting("mic", 50), c.StreamClosed("mic", 20))
    assert state.now_ms == 50


def test_a_call_comes_breaks_and_comes_back() -> None:
    changes: list[c.Change] = []
    seen = []
    for change in (
        c.StreamConnecting("mic", 1),
        c.StreamConnected("mic", 2, "webrtc"),
        c.StreamReconnecting("mic", 3, 1, 9, "no sign of life", "wait"),
        c.StreamConnecting("mic", 9, 1),
        c.StreamReconnecting("mic", 10, 2, 20, "no route"),
        c.StreamConnecting("mic", 20, 2),
        c.StreamConnected("mic", 21, "webrtc"),
        c.StreamFailed("mic", 30, "no quota", "pay"),
        c.StreamConnecting("mic", 40),
        c.StreamClosed("mic", 50),
    ):
        changes.append(change)
        seen.append(mic(*changes).connection)
    off, connecting, live, reconnecting, failed = Connection
    assert seen == [connecting, live, *[reconnecting] * 4, live, failed, connecting, off]


def test_a_wait_is_shown_with_its_cause_and_forgotten_once_the_call_stands() -> None:
    waiting = c.StreamReconnecting("mic", 3, 2, 9, "no route", "check the network")
    stream = mic(waiting)
    assert (stream.attempt, stream.retry_at_ms, stream.cause, stream.hint) == (2, 9, "no route", "check the network")
    stream = mic(waiting, c.StreamConnected("mic", 12, "webrtc"))
    assert (stream.attempt, stream.retry_at_ms, stream.cause, stream.hint) == (0, None, "", "")
    assert (stream.transport, stream.contact_at_ms) == ("webrtc", 12)


def test_what_is_measured_is_shown() -> None:
    quality = Quality(round_trip_ms=62.0)
    stream = mic(
        c.QualityMeasured("mic", 1, quality),
        c.LevelMeasured("mic", 1, -20.0, -6.0),
        c.ContactHeard("mic", 7),
        c.MuteChanged("mic", True),
    )
    assert (stream.quality, stream.rms_dbfs, stream.peak_dbfs) == (quality, -20.0, -6.0)
    assert (stream.contact_at_ms, stream.muted) == (7, True)


def test_a_source_opens_ends_and_fails() -> None:
    assert mic(c.SourceOpened("mic", "talk.wav")).source.label == "talk.wav"
    assert mic(c.SourceOpened("mic", "talk.wav"), c.SourceEnded("mic")).source.status is SourceStatus.ENDED
    assert mic(c.SourceFailed("mic", "Not a WAV file.", "Choose another.")).source.cause == (
        "Not a WAV file. Choose another."
    )


def test_interim_words_grow_are_revised_and_become_final() -> None:
    changes: list[c.Change] = [
        c.LineOpened("mic", KEY, 5),
        c.TranscriptExtended("mic", KEY, 6, "so the "),
        c.TranscriptExtended("mic", KEY, 7, "cash"),
    ]
    assert line(*changes) == Line(KEY, 5, "so the cash")
    changes.append(c.TranscriptRevised("mic", KEY, 8, "so the cache"))
    assert line(*changes) == Line(KEY, 5, "so the cache")
    changes.append(c.TranscriptCommitted("mic", KEY, "So the cache.", 4, 9))
    assert line(*changes) == Line(KEY, 4, "So the cache.", final=True, end_ms=9)


def test_words_for_a_line_that_was_never_opened_open_it() -> None:
    for change in (
        c.TranscriptExtended("mic", KEY, 5, "so"),
        c.TranscriptRevised("mic", KEY, 5, "so"),
        c.TranscriptCommitted("mic", KEY, "so", 5, 9),
    ):
        found = line(change)
        assert found is not None
        assert found.text == "so"


@pytest.mark.parametrize("failed_first", [False, True])
@given(
    st.lists(
        st.one_of(
            st.just(c.LineOpened("mic", KEY, 50)),
            st.builds(c.TranscriptExtended, st.just("mic"), st.just(KEY), st.just(60), st.text()),
            st.builds(c.TranscriptRevised, st.just("mic"), st.just(KEY), st.just(60), st.text()),
            st.just(c.TranscriptFailed("mic", KEY, 70, "late")),
            st.just(c.EngineLost("gone")),
        ),
        max_size=8,
    )
)
def test_a_final_line_never_changes_back(failed_first: bool, late: list[c.Change]) -> None:
    first: list[c.Change] = [c.TranscriptFailed("mic", KEY, 1, "too noisy")] if failed_first else []
    settled: list[c.Change] = [*first, c.TranscriptCommitted("mic", KEY, "done", 1, 2)]
    assert line(*settled, *late) == line(*settled) == Line(KEY, 1, "done", final=True, end_ms=2)


def test_a_line_that_failed_keeps_its_words_and_says_so() -> None:
    found = line(c.TranscriptExtended("mic", KEY, 5, "so"), c.TranscriptFailed("mic", KEY, 6, "too noisy"))
    assert found == Line(KEY, 5, "so", final=True, failed=True)


def test_a_line_is_put_where_the_conversation_has_it() -> None:
    other, first = LineKey(1, "b"), LineKey(1, "0")
    stream = mic(
        c.LineOpened("mic", KEY, 1),
        c.LineOpened("mic", LineKey(1, "c"), 2),
        c.LineOpened("mic", other, 3, after=KEY),
        c.LineOpened("mic", first, 4, before=KEY),
    )
    assert [each.key.item_id for each in stream.transcript] == ["0", "a", "b", "c"]


def test_an_answer_is_processed_drafted_and_completed() -> None:
    began = c.AnswerStarted("mic.1.r", Lane.AUX, 5)
    assert answer(began) == Answer("mic.1.r", Lane.AUX, 5)
    drafted = c.AnswerExtended("mic.1.r", Lane.AUX, 6, "Store first")
    assert answer(began, drafted) == Answer("mic.1.r", Lane.AUX, 5, AnswerStatus.DRAFT, "Store first")
    over = c.AnswerEnded("mic.1.r", Lane.AUX, 7, AnswerStatus.COMPLETED)
    assert answer(began, drafted, over).status is AnswerStatus.COMPLETED
    assert answer(began, drafted, over, drafted, began) == answer(began, drafted, over)


def test_the_words_that_an_end_brings_replace_the_draft() -> None:
    over = c.AnswerEnded("mic.1.r", Lane.MAIN, 7, AnswerStatus.INCOMPLETE, "Store", "cut at the length limit")
    ended = answer(c.AnswerExtended("mic.1.r", Lane.MAIN, 6, "Sto"), over)
    assert (ended.text, ended.status, ended.cause) == ("Store", AnswerStatus.INCOMPLETE, "cut at the length limit")


def test_each_lane_has_its_own_answers() -> None:
    state = after(c.AnswerStarted("a", Lane.AUX, 1), c.AnswerStarted("b", Lane.MAIN, 2))
    assert [each.answer_id for each in state.lane(Lane.AUX)] == ["a"]


def test_answers_and_notices_are_kept_up_to_a_number() -> None:
    state = after(*[c.AnswerStarted(str(number), Lane.AUX, number) for number in range(ANSWERS_KEPT + 5)])
    assert len(state.answers) == ANSWERS_KEPT
    state = after(*[c.Noticed(Severity.WARNING, "again") for _ in range(NOTICES_KEPT + 5)])
    assert [state.notices[0].number, state.notices[-1].number] == [6, NOTICES_KEPT + 5]


def test_an_engine_that_is_lost_leaves_no_call_no_open_line_and_no_open_answer() -> None:
    state = after(
        c.EngineStarted("1.0", 0.0, "local"),
        c.StreamConnected("mic", 2, "webrtc"),
        c.TranscriptExtended("mic", KEY, 3, "half a sen"),
        c.AnswerExtended("mic.1.r", Lane.AUX, 4, "Store"),
        c.EngineLost("it was killed"),
    )
    assert (state.engine.running, state.engine.cause) == (False, "it was killed")
    assert state.streams[0].connection is Connection.OFF
    assert [(each.text, each.final) for each in state.streams[0].transcript] == [("half a sen", True)]
    assert state.answers[0].status is AnswerStatus.INCOMPLETE


def test_an_engine_that_starts_again_forgets_why_the_last_one_stopped() -> None:
    state = after(c.EngineLost("it was killed"), c.EngineStarted("1.0", 9.0, "local", "a note"))
    assert (state.engine.running, state.engine.cause, state.engine.provider_note) == (True, "", "a note")


def test_voice_is_on_or_off() -> None:
    assert after(c.VoiceChanged(True)).voice


def test_a_line_that_was_noted_while_it_was_open_stays_noted() -> None:
    noted = line(
        c.LineOpened("mic", KEY, 10), c.LineNoted("mic", KEY, 20), c.TranscriptCommitted("mic", KEY, "words", 10, 30)
    )
    assert noted == Line(KEY, 10, "words", final=True, end_ms=30, noted=True)


def test_a_recording_that_ends_with_its_engine_is_said_until_the_next_one() -> None:
    changes: list[c.Change] = [c.RecordingChanged(True, 1, ("mic.wav",)), c.EngineLost("it was killed")]
    lost = after(*changes, c.EngineStarted("1.0", 9.0, "local", "a note")).recording
    assert (lost.on, lost.cause) == (False, "the engine stopped")
    assert after(*changes, c.RecordingChanged(True, 5)).recording.cause == ""
    assert after(c.EngineLost("it was killed")).recording.cause == ""


def test_a_question_that_waits_when_the_engine_is_lost_waits_no_longer_until_somebody_answers_it() -> None:
    lost = after(c.QuestionRaised("q", 1, "why"), c.QuestionQueued("q", 1), c.EngineLost("it was killed"))
    assert [(each.waiting, each.dropped) for each in lost.questions] == [(False, "the engine stopped")]
    found = after(c.AnswerStarted("main.1", Lane.MAIN, 2, "q"), state=lost)
    assert [(each.waiting, each.dropped) for each in found.questions] == [(False, "")]
