"""What the engine's own changes mean."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import SILENCE_DBFS
from sentra_tui.domain.question import Question
from sentra_tui.domain.reduce.arms import CALL_OVER, arm, call_over
from sentra_tui.domain.sound import Echo, Recording
from sentra_tui.domain.state import (
    UNFINISHED,
    Answer,
    AnswerStatus,
    AppState,
    Connection,
    Engine,
    LogRow,
    Notice,
)

ENGINE_STOPPED = "the engine stopped"
NOTICES_KEPT = 50
LOG_ROWS_KEPT = 500


@arm.register
def _engine_started(change: c.EngineStarted, state: AppState) -> AppState:
    engine = Engine(
        running=True,
        version=change.version,
        started_at=change.started_at,
        provider=change.provider,
        provider_note=change.provider_note,
    )
    return replace(state, engine=engine)


@arm.register
def _engine_lost(change: c.EngineLost, state: AppState) -> AppState:
    over = {"connection": Connection.OFF, "rms_dbfs": SILENCE_DBFS, "peak_dbfs": SILENCE_DBFS, **CALL_OVER}
    streams = tuple(
        replace(each, transcript=each.transcript.settle(), **over, **call_over(each, state.now_ms))
        for each in state.streams
    )
    engine = replace(state.engine, running=False, cause=change.cause)
    answers = tuple(map(_cut_short, state.answers))
    return replace(
        state,
        engine=engine,
        streams=streams,
        answers=answers,
        questions=tuple(map(_let_go, state.questions)),
        devices=replace(state.devices, watched=False, levels=()),
        echo=Echo(),
        talking=False,
        recording=_stopped(state.recording),
    )


def _stopped(recording: Recording) -> Recording:
    """The next engine does not go on by itself: the user is told."""
    return replace(recording, on=False, cause=ENGINE_STOPPED) if recording.on else recording


def _cut_short(answer: Answer) -> Answer:
    if answer.status not in UNFINISHED:
        return answer
    return replace(answer, status=AnswerStatus.INCOMPLETE, cause=ENGINE_STOPPED)


def _let_go(question: Question) -> Question:
    """The next engine asks nothing by itself that this one had not begun."""
    return replace(question, waiting=False, dropped=ENGINE_STOPPED) if question.waiting else question


@arm.register
def _noticed(change: c.Noticed, state: AppState) -> AppState:
    number = state.notices[-1].number + 1 if state.notices else 1
    notice = Notice(number, change.severity, change.text, change.hint)
    return replace(state, notices=(*state.notices, notice)[-NOTICES_KEPT:])


@arm.register
def _event_logged(change: c.EventLogged, state: AppState) -> AppState:
    row = LogRow(change.at_ms, change.source, change.text)
    return replace(state, log=(*state.log, row)[-LOG_ROWS_KEPT:])


@arm.register
def _talk_opened(change: c.TalkOpened, state: AppState) -> AppState:
    what = f"reopened, {change.lines} lines" if change.reopened else "begun"
    return replace(state, log=(*state.log, LogRow(change.at_ms, "journal", f"talk {what}"))[-LOG_ROWS_KEPT:])
