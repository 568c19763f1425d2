"""Changes as JSON lines, no more of them than a reader can use.

Levels, quality and contact are latest-value-wins, and wait while the reader is behind. Words go twenty times a second
at most, the first at once and more of them together, and are never dropped. Everything keeps its order; what is not
waiting goes at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from sentra_tui.domain import changes as c

FLUSH_S = 0.05
BACKLOG_MAX = 20

_DELTAS = (c.TranscriptExtended, c.AnswerExtended)
_Delta = c.TranscriptExtended | c.AnswerExtended


class Publisher:
    """Gathers changes and gives them to `write` as lines; `backlog` tells how far the reader is behind."""

    def __init__(self, write: Callable[[bytes], None], backlog: Callable[[], int]) -> None:
        self._write = write
        self._backlog = backlog
        self._encoder = msgspec.json.Encoder()
        self._words: list[c.Change] = []
        self._measurements: dict[tuple[type[c.Change], str], c.Measurement] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._words_sent_s = float("-inf")

    def __call__(self, change: c.Change) -> None:
        """Take one change."""
        if isinstance(change, c.Measurement):
            self._measurements[type(change), getattr(change, "stream", "")] = change
            if self._timer is None:
                self._flush_at(_now_s() + FLUSH_S)
        elif isinstance(change, _DELTAS):
            self._gather(change)
            self._flush_at(self._words_sent_s + FLUSH_S)
        else:
            self._words.append(change)
            self._send(self._take_words())

    def flush(self) -> None:
        """Send all that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._take_words()
        if due:
            self._words_sent_s = _now_s()
        if self._backlog() <= BACKLOG_MAX:
            due.extend(self._measurements.values())
            self._measurements.clear()
        self._send(due)

    def _flush_at(self, due_s: float) -> None:
        """Flush at this time of the loop's clock, or sooner where that is planned; at once where it has come."""
        if due_s <= _now_s():
            self.flush()
        elif self._timer is None or due_s < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_at(due_s, self.flush)

    def _gather(self, change: _Delta) -> None:
        last = self._words[-1] if self._words else None
        if isinstance(last, _DELTAS) and _same_line(last, change):
            self._words[-1] = replace(last, delta=last.delta + change.delta, at_ms=change.at_ms)
        else:
            self._words.append(change)

    def _take_words(self) -> list[c.Change]:
        words, self._words = self._words, []
        return words

    def _send(self, due: list[c.Change]) -> None:
        if due:
            self._write(b"".join(self._encoder.encode(change) + b"\n" for change in due))


def _same_line(one: _Delta, other: _Delta) -> bool:
    return replace(one, delta="", at_ms=0) == replace(other, delta="", at_ms=0)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
