"""Marks in a stream's transcript where words may be missing: its source was lost, or nothing was to be kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod
from itertools import count

from msgspec import Struct

from sentra_tui.domain import changes as c
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.spans import span
from sentra_tui.domain.state import MIC, SPEAKER, SourceStatus
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.store import Store

SHOWN_MS = 500
"""A source that is back sooner has lost no word."""

_LOST: dict[Trouble, tuple[str, str]] = {
    Trouble.GONE: ("is gone", "was gone"),
    Trouble.MOVED: ("was moved to another device", "was moved to another device"),
    Trouble.STALLED: ("gives no sound", "gave no sound"),
}
_NOUNS = {MIC: "the microphone", SPEAKER: "the loudspeaker"}


class _Gap(Struct):
    since_ms: int
    now: str
    """What is wrong, as long as it is."""
    cause: str
    """What was wrong; empty where it was the user's wish."""
    key: LineKey | None = None
    """The line that shows it."""


class GapMarker:
    """Opens a line of kind `gap` while a source that gave sound before gives none, or while the talk is off the
    record, and says in it at the end how long that was. Recordings that are over leave no gap.
    """

    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._numbers = count(1)
        self._lost: dict[str, _Gap] = {}
        self._off_record: dict[str, _Gap] = {}
        store.subscribe(self._hear)

    def close(self) -> None:
        """End what is open, so that the journal has it."""
        now_ms = self._now_ms()
        for stream in [*self._lost]:
            self._end(self._lost, stream, now_ms)
        for stream in [*self._off_record]:
            self._end(self._off_record, stream, now_ms)

    @singledispatchmethod
    def _hear(self, change: c.Change) -> None:
        """Anything that happens shows that time passes."""
        if self._lost:
            self._show_lost()

    @_hear.register
    def _(self, change: c.SourceTroubled) -> None:
        lost = _LOST.get(change.trouble)
        if lost is None:
            self._end(self._lost, change.stream, change.at_ms)
        elif change.stream not in self._lost and self._gave_sound(change.stream):
            noun = _NOUNS.get(change.stream, change.stream)
            self._lost[change.stream] = _Gap(change.at_ms, f"{noun} {lost[0]}", f"{noun} {lost[1]}")

    @_hear.register(c.SourceChosen)
    @_hear.register(c.SourceEnded)
    @_hear.register(c.SourceFailed)
    def _(self, change: c.SourceChosen | c.SourceEnded | c.SourceFailed) -> None:
        self._end(self._lost, change.stream, self._now_ms())

    @_hear.register
    def _(self, change: c.OffRecordChanged) -> None:
        if not change.on:
            for stream in [*self._off_record]:
                self._end(self._off_record, stream, change.at_ms)
            return
        for each in self._store.state.streams:
            if each.source.status is SourceStatus.OPEN:
                self._keep_off_record(each.name, change.at_ms)

    @_hear.register
    def _(self, change: c.SourceOpened) -> None:
        if self._store.state.off_record:
            self._keep_off_record(change.stream, self._now_ms())

    def _keep_off_record(self, stream: str, since_ms: int) -> None:
        if stream not in self._off_record:
            self._off_record[stream] = gap = _Gap(since_ms, "off the record", "")
            self._show(stream, gap)

    def _gave_sound(self, name: str) -> bool:
        stream = self._store.state.stream(name)
        return stream is not None and stream.source.signal_at_ms is not None

    def _show_lost(self) -> None:
        now_ms = self._now_ms()
        for stream, gap in [*self._lost.items()]:
            if gap.key is None and now_ms - gap.since_ms >= SHOWN_MS:
                self._show(stream, gap)

    def _show(self, stream: str, gap: _Gap) -> None:
        # Named before it is told: telling it comes back here.
        gap.key = LineKey(gap.since_ms, f"gap_{next(self._numbers)}")
        self._store.publish(c.LineOpened(stream, gap.key, gap.since_ms, kind="gap"))
        self._store.publish(c.TranscriptRevised(stream, gap.key, gap.since_ms, gap.now))

    def _end(self, gaps: dict[str, _Gap], stream: str, end_ms: int) -> None:
        gap = gaps.pop(stream, None)
        if gap is None or (gap.key is None and end_ms - gap.since_ms < SHOWN_MS):
            return
        if gap.key is None:
            self._show(stream, gap)
        if gap.key is not None:
            long = span(end_ms - gap.since_ms)
            text = f"{long} missing: {gap.cause}" if gap.cause else f"off the record for {long}"
            self._store.publish(c.TranscriptCommitted(stream, gap.key, text, gap.since_ms, end_ms, "gap"))
