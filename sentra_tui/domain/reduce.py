"""`reduce(state, change)`: the one function that says what a change means.

Each change has one arm, registered by its type. An arm never fails: a change about a stream that is not there, or a
late word for a line that is settled, leaves the state as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import SILENCE_DBFS
from sentra_tui.domain.state import (
    UNFINISHED,
    Answer,
    AnswerStatus,
    AppState,
    Connection,
    Engine,
    Lane,
    Notice,
    Source,
    SourceStatus,
    Stream,
)
from sentra_tui.domain.text import clean_join
from sentra_tui.domain.transcript import Line, Transcript

ANSWERS_KEPT = 200
NOTICES_KEPT = 50

_CALL_OVER = {"transport": "", "attempt": 0, "retry_at_ms": None, "contact_at_ms": None}


def reduce(state: AppState, change: c.Change) -> AppState:
    """Return the state after `change`."""
    after = _arm(change, state)
    at_ms = getattr(change, "at_ms", state.now_ms)
    return after if at_ms <= after.now_ms else replace(after, now_ms=at_ms)


@singledispatch
def _arm(change: c.Change, state: AppState) -> AppState:
    raise TypeError(f"no arm for {type(change).__name__}")


def _with_stream(state: AppState, name: str, update: Callable[[Stream], Stream]) -> AppState:
    streams = tuple(update(stream) if stream.name == name else stream for stream in state.streams)
    return replace(state, streams=streams)


def _with_transcript(state: AppState, name: str, update: Callable[[Transcript], Transcript]) -> AppState:
    return _with_stream(state, name, lambda stream: replace(stream, transcript=update(stream.transcript)))


def _with_source(state: AppState, name: str, update: Callable[[Source], Source]) -> AppState:
    return _with_stream(state, name, lambda stream: replace(stream, source=update(stream.source)))


def _with_answer(
    state: AppState, change: c.AnswerExtended | c.AnswerEnded, update: Callable[[Answer], Answer]
) -> AppState:
    known = any(answer.answer_id == change.answer_id for answer in state.answers)
    if not known:
        state = _answer_started(c.AnswerStarted(change.answer_id, change.lane, change.at_ms), state)
    answers = tuple(update(answer) if answer.answer_id == change.answer_id else answer for answer in state.answers)
    return replace(state, answers=answers)


@_arm.register
def _engine_started(change: c.EngineStarted, state: AppState) -> AppState:
    engine = Engine(
        running=True,
        version=change.version,
        started_at=change.started_at,
        provider=change.provider,
        provider_note=change.provider_note,
    )
    return replace(state, engine=engine)


@_arm.register
def _engine_lost(change: c.EngineLost, state: AppState) -> AppState:
    over = {"connection": Connection.OFF, "rms_dbfs": SILENCE_DBFS, "peak_dbfs": SILENCE_DBFS, **_CALL_OVER}
    streams = tuple(replace(each, transcript=each.transcript.settle(), **over) for each in state.streams)
    engine = replace(state.engine, running=False, cause=change.cause)
    return replace(state, engine=engine, streams=streams, answers=tuple(map(_cut_short, state.answers)))


def _cut_short(answer: Answer) -> Answer:
    if answer.status not in UNFINISHED:
        return answer
    return replace(answer, status=AnswerStatus.INCOMPLETE, cause="the engine stopped")


@_arm.register
def _stream_added(change: c.StreamAdded, state: AppState) -> AppState:
    if state.stream(change.stream) is not None:
        return state
    return replace(state, streams=(*state.streams, Stream(change.stream)))


@_arm.register
def _source_opened(change: c.SourceOpened, state: AppState) -> AppState:
    source = Source(label=change.label, status=SourceStatus.OPEN)
    return _with_source(state, change.stream, lambda _: source)


@_arm.register
def _source_ended(change: c.SourceEnded, state: AppState) -> AppState:
    return _with_source(state, change.stream, lambda source: replace(source, status=SourceStatus.ENDED))


@_arm.register
def _source_failed(change: c.SourceFailed, state: AppState) -> AppState:
    return _with_source(
        state,
        change.stream,
        lambda source: replace(source, status=SourceStatus.FAILED, cause=f"{change.cause} {change.hint}".strip()),
    )


@_arm.register
def _stream_connecting(change: c.StreamConnecting, state: AppState) -> AppState:
    def connecting(stream: Stream) -> Stream:
        again = change.attempt > 1 or stream.connection is Connection.RECONNECTING
        connection = Connection.RECONNECTING if again else Connection.CONNECTING
        return replace(stream, connection=connection, attempt=change.attempt, retry_at_ms=None)

    return _with_stream(state, change.stream, connecting)


@_arm.register
def _stream_connected(change: c.StreamConnected, state: AppState) -> AppState:
    return _with_stream(
        state,
        change.stream,
        lambda stream: replace(
            stream,
            connection=Connection.LIVE,
            transport=change.transport,
            attempt=0,
            retry_at_ms=None,
            cause="",
            hint="",
            contact_at_ms=change.at_ms,
        ),
    )


@_arm.register
def _stream_reconnecting(change: c.StreamReconnecting, state: AppState) -> AppState:
    return _with_stream(
        state,
        change.stream,
        lambda stream: replace(
            stream,
            connection=Connection.RECONNECTING,
            attempt=change.attempt,
            retry_at_ms=change.retry_at_ms,
            cause=change.cause,
            hint=change.hint,
        ),
    )


@_arm.register
def _stream_failed(change: c.StreamFailed, state: AppState) -> AppState:
    return _with_stream(
        state,
        change.stream,
        lambda stream: replace(
            stream, connection=Connection.FAILED, cause=change.cause, hint=change.hint, **_CALL_OVER
        ),
    )


@_arm.register
def _stream_closed(change: c.StreamClosed, state: AppState) -> AppState:
    return _with_stream(
        state,
        change.stream,
        lambda stream: replace(stream, connection=Connection.OFF, cause="", hint="", **_CALL_OVER),
    )


@_arm.register
def _contact_heard(change: c.ContactHeard, state: AppState) -> AppState:
    return _with_stream(state, change.stream, lambda stream: replace(stream, contact_at_ms=change.at_ms))


@_arm.register
def _quality_measured(change: c.QualityMeasured, state: AppState) -> AppState:
    return _with_stream(state, change.stream, lambda stream: replace(stream, quality=change.quality))


@_arm.register
def _level_measured(change: c.LevelMeasured, state: AppState) -> AppState:
    return _with_stream(
        state,
        change.stream,
        lambda stream: replace(stream, rms_dbfs=change.rms_dbfs, peak_dbfs=change.peak_dbfs),
    )


@_arm.register
def _mute_changed(change: c.MuteChanged, state: AppState) -> AppState:
    return _with_stream(state, change.stream, lambda stream: replace(stream, muted=change.muted))


@_arm.register
def _voice_changed(change: c.VoiceChanged, state: AppState) -> AppState:
    return replace(state, voice=change.on)


@_arm.register
def _line_opened(change: c.LineOpened, state: AppState) -> AppState:
    line = Line(key=change.key, start_ms=change.at_ms, kind=change.kind)
    return _with_transcript(
        state, change.stream, lambda transcript: transcript.insert(line, change.after, change.before)
    )


@_arm.register
def _transcript_extended(change: c.TranscriptExtended, state: AppState) -> AppState:
    return _with_transcript(
        state,
        change.stream,
        lambda transcript: transcript.extend(change.key, change.delta, change.at_ms),
    )


@_arm.register
def _transcript_revised(change: c.TranscriptRevised, state: AppState) -> AppState:
    def revise(transcript: Transcript) -> Transcript:
        line = transcript.find(change.key) or Line(key=change.key, start_ms=change.at_ms)
        return transcript if line.final else transcript.update(replace(line, text=change.text))

    return _with_transcript(state, change.stream, revise)


@_arm.register
def _transcript_committed(change: c.TranscriptCommitted, state: AppState) -> AppState:
    line = Line(
        key=change.key,
        start_ms=change.start_ms,
        text=change.text,
        final=True,
        end_ms=change.end_ms,
        kind=change.kind,
    )
    return _with_transcript(state, change.stream, lambda transcript: transcript.update(line))


@_arm.register
def _transcript_failed(change: c.TranscriptFailed, state: AppState) -> AppState:
    def fail(transcript: Transcript) -> Transcript:
        line = transcript.find(change.key) or Line(key=change.key, start_ms=change.at_ms)
        return transcript if line.final else transcript.update(replace(line, final=True, failed=True))

    return _with_transcript(state, change.stream, fail)


@_arm.register
def _answer_started(change: c.AnswerStarted, state: AppState) -> AppState:
    if any(answer.answer_id == change.answer_id for answer in state.answers):
        return state
    answer = Answer(change.answer_id, Lane(change.lane), change.at_ms)
    return replace(state, answers=(*state.answers, answer)[-ANSWERS_KEPT:])


@_arm.register
def _answer_extended(change: c.AnswerExtended, state: AppState) -> AppState:
    def extend(answer: Answer) -> Answer:
        if answer.status not in UNFINISHED:
            return answer
        return replace(answer, text=clean_join(answer.text, change.delta), status=AnswerStatus.DRAFT)

    return _with_answer(state, change, extend)


@_arm.register
def _answer_ended(change: c.AnswerEnded, state: AppState) -> AppState:
    def end(answer: Answer) -> Answer:
        text = answer.text if change.text is None else change.text
        return replace(answer, text=text, status=change.status, cause=change.cause)

    return _with_answer(state, change, end)


@_arm.register
def _noticed(change: c.Noticed, state: AppState) -> AppState:
    number = state.notices[-1].number + 1 if state.notices else 1
    notice = Notice(number, change.severity, change.text, change.hint)
    return replace(state, notices=(*state.notices, notice)[-NOTICES_KEPT:])
