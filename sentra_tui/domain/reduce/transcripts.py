"""What it means that something is said."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce.arms import arm, with_transcript
from sentra_tui.domain.state import AppState
from sentra_tui.domain.transcript import Line, Transcript


@arm.register
def _line_opened(change: c.LineOpened, state: AppState) -> AppState:
    line = Line(key=change.key, start_ms=change.at_ms, kind=change.kind)
    return with_transcript(
        state, change.stream, lambda transcript: transcript.insert(line, change.after, change.before)
    )


@arm.register
def _transcript_extended(change: c.TranscriptExtended, state: AppState) -> AppState:
    return with_transcript(
        state,
        change.stream,
        lambda transcript: transcript.extend(change.key, change.delta, change.at_ms),
    )


@arm.register
def _transcript_revised(change: c.TranscriptRevised, state: AppState) -> AppState:
    def revise(transcript: Transcript) -> Transcript:
        line = transcript.find(change.key) or Line(key=change.key, start_ms=change.at_ms)
        return transcript if line.final else transcript.update(replace(line, text=change.text))

    return with_transcript(state, change.stream, revise)


@arm.register
def _transcript_committed(change: c.TranscriptCommitted, state: AppState) -> AppState:
    line = Line(
        key=change.key,
        start_ms=change.start_ms,
        text=change.text,
        final=True,
        end_ms=change.end_ms,
        kind=change.kind,
        recovered=change.recovered,
    )
    if change.recovered:
        return with_transcript(state, change.stream, lambda transcript: transcript.slot_in(line, change.replaces))
    return with_transcript(state, change.stream, lambda transcript: transcript.commit(line))


@arm.register
def _transcript_failed(change: c.TranscriptFailed, state: AppState) -> AppState:
    def fail(transcript: Transcript) -> Transcript:
        line = transcript.find(change.key) or Line(key=change.key, start_ms=change.at_ms)
        return transcript if line.final else transcript.update(replace(line, final=True, failed=True))

    return with_transcript(state, change.stream, fail)


@arm.register
def _line_noted(change: c.LineNoted, state: AppState) -> AppState:
    def note(transcript: Transcript) -> Transcript:
        line = transcript.find(change.key)
        return transcript if line is None else transcript.update(replace(line, noted=True))

    return with_transcript(state, change.stream, note)
