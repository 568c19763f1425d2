"""What was said in both streams, as the assistants are told of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from sentra_tui.domain.briefing import BriefLine
from sentra_tui.domain.history import estimate_tokens
from sentra_tui.domain.state import AppState, Stream


def newest_lines(
    state: AppState, budget_tokens: int, *, since_ms: int = 0, streams: tuple[str, ...] = ()
) -> tuple[BriefLine, ...]:
    """Return final lines in the order in which they were said: the newest that `budget_tokens` hold, none that began
    before `since_ms`; of all streams, or of those named.
    """
    chosen = [_backwards(stream) for stream in state.streams if not streams or stream.name in streams]
    lines: list[BriefLine] = []
    for line in heapq.merge(*chosen, key=lambda each: -each.at_ms):
        budget_tokens -= estimate_tokens(line.text)
        if line.at_ms < since_ms or (budget_tokens < 0 and lines):
            break
        lines.append(line)
    return tuple(reversed(lines))


def _backwards(stream: Stream) -> Iterator[BriefLine]:
    for page in reversed(stream.transcript.pages):
        for line in reversed(page):
            if line.final and line.text:
                yield BriefLine(stream.name, line.start_ms, line.text)
