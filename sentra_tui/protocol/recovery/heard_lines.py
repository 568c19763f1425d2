"""The lines that servers opened for what they heard, as spans of captured sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.recovery.holes import HoleLine, LineOutcome


class HeardLine(Struct):
    """One line; its end and outcome are None while more of its words may come."""

    key: LineKey
    start_ms: int
    end_ms: int | None = None
    outcome: LineOutcome | None = None
    damaged: bool = False
    """Some of its sound was lost on the way."""

    @property
    def holds(self) -> bool:
        """Whether its words are all that was said in its span."""
        return self.outcome == "whole" and not self.damaged


class HeardLines:
    """The lines of one stream, across its sessions; at most one covers a moment."""

    def __init__(self) -> None:
        self._lines: dict[LineKey, HeardLine] = {}

    def __iter__(self) -> Iterator[HeardLine]:
        return iter(self._lines.values())

    def get(self, key: LineKey) -> HeardLine | None:
        """Return the line of this key."""
        return self._lines.get(key)

    def add(self, line: HeardLine) -> None:
        """Take in a line."""
        self._lines[line.key] = line

    def end_of(self, line: HeardLine, now_ms: int) -> int:
        """Return where it ends: by now, and at the latest where the next one begins."""
        later = [each.start_ms for each in self if each.start_ms > line.start_ms]
        return max(line.start_ms, min([now_ms if line.end_ms is None else line.end_ms, *later]))

    def spans(self, now_ms: int) -> list[tuple[HeardLine, int, int]]:
        """Return each line with its start and its end, in order."""
        lines = sorted(self, key=lambda each: each.start_ms)
        spans: list[tuple[HeardLine, int, int]] = []
        next_ms: int | None = None
        begin_ms = None
        for line in reversed(lines):
            if line.start_ms != begin_ms:
                next_ms, begin_ms = begin_ms, line.start_ms
            end_ms = now_ms if line.end_ms is None else line.end_ms
            end_ms = end_ms if next_ms is None else min(end_ms, next_ms)
            spans.append((line, line.start_ms, max(line.start_ms, end_ms)))
        return spans[::-1]

    def touching(self, start_ms: int, end_ms: int, now_ms: int) -> list[tuple[HeardLine, int, int]]:
        """Return the lines that have a part in this span, as `spans` does."""
        return [each for each in self.spans(now_ms) if each[1] < end_ms and each[2] > start_ms]

    def first_of(self, session: int | None, until_ms: int, now_ms: int) -> list[tuple[HeardLine, int, int]]:
        """Return the lines of this session that begin up to then, as `spans` does."""
        return [each for each in self.spans(now_ms) if each[0].key.session == session and each[1] <= until_ms]

    def lacking(self, start_ms: int, end_ms: int, now_ms: int) -> tuple[HoleLine, ...]:
        """Return the lines of this span that lack words."""
        return tuple(
            HoleLine(line.key, begin_ms, over_ms, line.outcome or "failed")
            for line, begin_ms, over_ms in self.touching(start_ms, end_ms, now_ms)
            if not line.holds
        )

    def end_session(self, at_ms: int) -> None:
        """Nothing that is open hears anything from `at_ms` on."""
        for line, _, end_ms in self.spans(at_ms):
            if line.outcome is None:
                line.end_ms = end_ms

    def forget(self, before_ms: int, may_go: Callable[[int, int], bool]) -> None:
        """Let go of lines that ended before, and whose span `may_go`."""
        for line, start_ms, end_ms in self.spans(before_ms):
            if line.outcome is not None and end_ms < before_ms and may_go(start_ms, end_ms):
                del self._lines[line.key]
