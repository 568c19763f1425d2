"""Lines that an answer cites by their time of day, as `[12:03:40]`."""

from __future__ import annotations

import time
from typing import NamedTuple

from sentra_tui.domain.briefing import CITATION, time_of_day
from sentra_tui.domain.state import AppState
from sentra_tui.domain.transcript import Line

_DAY_MS = 86_400_000


class CitedLine(NamedTuple):
    """A line and the stream that said it."""

    stream: str
    line: Line


def citations(text: str) -> tuple[str, ...]:
    """Return the times of day that a text cites, each once, in order: `12:03:40`."""
    return tuple(dict.fromkeys(match[1] for match in CITATION.finditer(text)))


def cited_line(state: AppState, cited: str) -> CitedLine | None:
    """Return the newest line that began in that second of the day, else the newest that was being said then.

    Assistants are told neither of gaps nor of echoes; an echo is found where it is all there is.
    """
    started_at = state.engine.started_at
    seconds = _seconds(started_at, cited, state.now_ms)
    lines = [CitedLine(stream.name, line) for stream in state.streams for line in stream.transcript] if seconds else []
    lines = [each for each in lines if each.line.kind != "gap"]
    lines.sort(key=lambda each: (not each.line.echo, each.line.start_ms), reverse=True)
    for fits in (_began, _lasted):
        for second in seconds:
            for each in lines:
                if fits(each.line, started_at, second):
                    return each
    return None


def _began(line: Line, started_at: float, second: int) -> bool:
    return int(started_at + line.start_ms / 1000) == second


def _lasted(line: Line, started_at: float, second: int) -> bool:
    if line.end_ms is None:
        return False
    return started_at + line.start_ms / 1000 <= second <= started_at + line.end_ms / 1000


def _seconds(started_at: float, cited: str, now_ms: int) -> list[int]:
    """Return the seconds since 1970 at which clocks here showed the `cited` time during the talk, newest first."""
    hour, minute, second = map(int, cited.split(":"))
    found = set()
    for day in range(now_ms // _DAY_MS + 2):
        date = time.localtime(started_at)
        for summer_time in (0, 1):
            moment = (date.tm_year, date.tm_mon, date.tm_mday + day, hour, minute, second, 0, 0, summer_time)
            found.add(int(time.mktime(moment)))
    return sorted((each for each in found if time_of_day(each, 0) == f"[{cited}]"), reverse=True)
