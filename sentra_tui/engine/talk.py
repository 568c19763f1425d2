"""What was said in both streams, as the assistants are told of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from sentra_tui.domain.briefing import BriefLine
from sentra_tui.domain.changes import TranscriptCommitted
from sentra_tui.domain.history import estimate_tokens
from sentra_tui.domain.question import question_id_of
from sentra_tui.domain.state import AppState, Stream

LATE_MS = 60_000
MARKED_TOLD = 20
"""How many of the lines that the user marked a new session is told."""


def newest_lines(state: AppState, budget_tokens: int) -> tuple[BriefLine, ...]:
    """Return final lines of all streams in the order in which they were said: the newest that `budget_tokens` hold."""
    lines: list[BriefLine] = []
    for line in heapq.merge(*map(_backwards, state.streams), key=lambda each: -each.at_ms):
        budget_tokens -= estimate_tokens(line.text)
        if budget_tokens < 0 and lines:
            break
        lines.append(line)
    return tuple(reversed(lines))


def marked_lines(state: AppState, before_ms: int) -> tuple[BriefLine, ...]:
    """Return the lines that the user marked and that began before `before_ms`, oldest first: the newest few."""
    marked = [
        BriefLine(stream.name, line.start_ms, line.text)
        for stream in state.streams
        for line in stream.transcript
        if line.noted and line.text and line.start_ms < before_ms
    ]
    return tuple(sorted(marked, key=lambda each: each.at_ms)[-MARKED_TOLD:])


def is_own(state: AppState, line: TranscriptCommitted) -> bool:
    """Return whether these are somebody's own words: no gap, and by now no echo of another stream."""
    stream = state.stream(line.stream)
    known = stream.transcript.find(line.key) if stream is not None else None
    return line.kind != "gap" and (known is None or not known.echo)


def is_late(line: TranscriptCommitted, now_ms: int) -> bool:
    """Return whether it was written down so long after it was said that nobody waits for an answer to it."""
    return line.recovered and now_ms - line.end_ms > LATE_MS


def was_asked(state: AppState, line: TranscriptCommitted) -> bool:
    """Return whether this line, or one whose place it takes, raised a question when it was said."""
    return any(state.question(question_id_of(line.stream, key)) is not None for key in (line.key, *line.replaces))


def _backwards(stream: Stream) -> Iterator[BriefLine]:
    for page in reversed(stream.transcript.pages):
        for line in reversed(page):
            if line.final and line.text and line.kind != "gap" and not line.echo:
                yield BriefLine(stream.name, line.start_ms, line.text)
