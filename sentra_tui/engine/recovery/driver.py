"""Sees to it that everything that is said in one stream becomes words, once, whatever happens to its calls."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from functools import singledispatchmethod

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_MS, SILENCE, FrameSpan
from sentra_tui.domain.config import RecoveryConfig
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.domain.state import Connection, Severity
from sentra_tui.domain.steady_ports import Spool
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.recovery.capture import CaptureClock, SentSound
from sentra_tui.engine.recovery.keeper import RingKeeper
from sentra_tui.engine.recovery.late_lines import LateLines
from sentra_tui.engine.recovery.ports import Stream
from sentra_tui.engine.recovery.repair import Repair
from sentra_tui.engine.recovery.scribe import Scribe, Transcriptions
from sentra_tui.engine.recovery.timing import tells_turns
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.store import Store
from sentra_tui.protocol.coverage import Coverage
from sentra_tui.protocol.recovery.holes import Hole
from sentra_tui.protocol.recovery.inheritance import share_out
from sentra_tui.protocol.recovery.spans import Spans
from sentra_tui.protocol.server_events import ServerEvent
from sentra_tui.protocol.turns import NO_WORDS

PROOF_MARGIN_MS = 3_000
"""How long a server may take to open a line for speech that it got."""
PROGRESS_S = 1.0
LEAVE_S = 0.5
"""How long the end of an engine may take over what it leaves unwritten."""
SESSIONS_KEPT = 8


class RecoveryDriver(CallObserver):
    """Keeps the sound of a stream until it is words, and has written down what no call did.

    `transcriptions` gives who writes down, `detector` makes one that finds speech.
    It starts when the state is restored and before the stream connects, and closes after the calls were hung up.
    """

    def __init__(
        self,
        stream: Stream,
        spool: Spool | None,
        transcriptions: Transcriptions,
        detector: Callable[[], SpeechDetector],
        config: RecoveryConfig,
        store: Store,
        context: EngineContext,
    ) -> None:
        self._stream = stream
        self._name = stream.name
        self._store = store
        self._context = context
        self._now_ms = context.now_ms
        self._clock = CaptureClock(context.now_ms)
        self._coverage = Coverage()
        self._keeper = RingKeeper(round(config.memory_s * 1000), spool)
        self._loud = Spans()
        self._scribe = Scribe(transcriptions, self._language)
        lines = LateLines(stream.name, store)
        self._repair = Repair(stream.name, self._keeper, self._loud, detector, self._scribe, lines, context)
        self._sessions: dict[int, SentSound] = {}
        self._sending: SentSound | None = None
        self._holes: deque[Hole] = deque()
        self._repaired: list[Hole] = []
        """The one at hand."""
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._told_left_ms = 0
        self._repairing = True

    def start(self) -> None:
        """Listen to the stream, and take up what an engine before this one left."""
        self._stream.pump.taps.append(self._hear_frame)
        self._stream.observers.append(self)
        self._store.subscribe(self._hear)
        stream = self._store.state.stream(self._name)
        if stream is not None and stream.connection not in (Connection.OFF, Connection.FAILED):
            self._coverage.wanted(self._clock.next_ms)
        for work in (self._work(), self._tell_progress()):
            self._tasks.append(self._context.tasks.start(work, self._failed, f"{self._name} recovery"))

    async def close(self) -> None:
        """Stop; what is not yet words is erased, and said to be missing where it was speech.

        The end of an engine that is told to end is the end of its talk. May be called more than once.
        """
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        self._stream.pump.taps.remove(self._hear_frame)
        self._stream.observers.remove(self)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        self._coverage.hung_up(self._clock.next_ms)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                self._holes.extendleft(self._repaired)
                self._holes += self._coverage.holes()
                while self._holes:
                    await self._repair.leave(hole := self._holes.popleft())
                    self._coverage.settled(hole)
                    self._holes += self._coverage.holes()
        await self._keeper.close(keep=False)

    @property
    def busy(self) -> bool:
        """Whether something is being written down, or is about to be."""
        return self._repairing or bool(self._holes) or self._changed.is_set()

    # What the stream tells

    def session_began(self, number: int, dialled: Dialled, now_ms: int) -> None:
        """This call takes the stream's sound from now on."""
        began_ms = self._clock.next_ms
        self._sending = self._sessions[number] = SentSound(number, began_ms)
        for old in [*self._sessions][:-SESSIONS_KEPT]:
            del self._sessions[old]
        self._coverage.session_began(number, began_ms, timed=tells_turns(dialled))
        self._changed.set()

    def session_ended(self, number: int, now_ms: int) -> None:
        """No call does."""
        self._sending = None
        self._coverage.session_ended(number, self._clock.next_ms)
        self._changed.set()

    def event_came(self, event: ServerEvent, now_ms: int) -> None:
        """Take where on its own clock the server heard speech begin and end."""
        sent = self._sending
        if sent is None:
            return
        for item_id in sent.told(event):
            key = LineKey(sent.number, item_id)
            self._coverage.line_moved(key, self._start(key, 0), self._end(key, 0))

    def looked_after(
        self, heard_age_s: float, answer_age_s: float | None, losses: Sequence[FrameSpan], now_ms: int
    ) -> None:
        """Take what shows that sound arrived, and what did not."""
        sent = self._sending
        if sent is not None:
            for loss in losses:
                end_ms = sent.position_of_frame(loss.end - 1) + FRAME_MS
                self._coverage.lost(sent.position_of_frame(loss.start), end_ms)
        if answer_age_s is not None:
            self._coverage.proved(now_ms - round(max(heard_age_s, answer_age_s) * 1000) - PROOF_MARGIN_MS)
        self._changed.set()

    def _hear_frame(self, frame: bytes) -> None:
        start_ms = self._clock.take()
        self._coverage.captured(start_ms)
        if self._sending is not None:
            self._sending.sent(start_ms)
        if not self._coverage.is_wanted:
            return
        self._keeper.keep(start_ms, frame)
        if frame != SILENCE:
            self._loud.add(start_ms, start_ms + FRAME_MS)

    # What the store tells

    @singledispatchmethod
    def _hear(self, change: c.Change) -> None:
        """Take what happened; most of it does not concern sound."""

    @_hear.register
    def _(self, change: c.StreamConnecting) -> None:
        if change.stream == self._name:
            self._coverage.wanted(self._clock.next_ms)

    @_hear.register
    def _(self, change: c.StreamClosed) -> None:
        if change.stream == self._name:
            self._coverage.hung_up(self._clock.next_ms)
            self._changed.set()

    @_hear.register(c.StreamConnected)
    @_hear.register(c.NetworkChanged)
    def _(self, change: c.StreamConnected | c.NetworkChanged) -> None:
        """There is a way to the provider again, perhaps."""
        self._scribe.hurry()

    @_hear.register
    def _(self, change: c.LineOpened) -> None:
        if self._is_heard(change.stream, change.key) and change.kind == "speech":
            self._coverage.line_opened(change.key, self._start(change.key, change.at_ms))

    @_hear.register
    def _(self, change: c.TranscriptCommitted) -> None:
        if self._is_heard(change.stream, change.key) and change.kind == "speech" and not change.recovered:
            start_ms, end_ms = self._start(change.key, change.start_ms), self._end(change.key, change.end_ms)
            self._coverage.line_settled(change.key, start_ms, end_ms, "partial" if change.partial else "whole")
            self._changed.set()

    @_hear.register
    def _(self, change: c.TranscriptFailed) -> None:
        if not self._is_heard(change.stream, change.key):
            return
        stream = self._store.state.stream(self._name)
        line = stream.transcript.find(change.key) if stream is not None else None
        start_ms = self._start(change.key, change.at_ms if line is None else line.start_ms)
        if change.cause == NO_WORDS:  # it was heard, and was no speech
            self._coverage.line_settled(change.key, start_ms, start_ms, "whole")
        else:
            self._coverage.line_settled(change.key, start_ms, self._end(change.key, change.at_ms), "failed")
        self._changed.set()

    def _is_heard(self, stream: str, key: LineKey) -> bool:
        return stream == self._name and key.session in self._sessions

    def _start(self, key: LineKey, line_ms: int) -> int:
        return self._sessions[key.session].start_of(key.item_id, line_ms)

    def _end(self, key: LineKey, line_ms: int) -> int:
        return self._sessions[key.session].end_of(key.item_id, line_ms)

    def _language(self) -> str:
        stream = self._store.state.stream(self._name)
        return "" if stream is None else stream.language

    # What follows

    async def _work(self) -> None:
        await self._inherit()
        while True:
            self._changed.clear()
            self._holes += self._coverage.holes()
            self._release()
            if not self._holes:
                self._repairing = False
                self._tell_left()
                await self._changed.wait()
                continue
            self._repairing = True
            if not self._told_left_ms:
                self._tell_left()
            hole = self._holes.popleft()
            self._repaired = [hole]
            finder = await self._repair.search(hole)
            from_ms = finder.goes_on_from_ms
            if from_ms is not None:
                hole = self._coverage.goes_on(hole, from_ms)
                self._repaired = [hole]
            if hole.end_ms > hole.start_ms:
                await self._repair.repair(hole, finder)
            self._repaired = []
            self._coverage.settled(hole)

    async def _inherit(self) -> None:
        spans = await self._keeper.inherited()
        stream = self._store.state.stream(self._name)
        known, lines = share_out(spans, stream.transcript if stream is not None else ())
        self._coverage.inherited(spans, known, lines)
        for span in spans:
            self._loud.add(*span)

    def _release(self) -> None:
        released_ms = self._coverage.released_ms
        self._keeper.release(released_ms)
        self._loud.forget(released_ms - PROOF_MARGIN_MS)

    async def _tell_progress(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            self._tell_left()

    def _tell_left(self) -> None:
        spans = [*self._coverage.waiting, *((hole.start_ms, hole.end_ms) for hole in self._holes)]
        left_ms = self._repair.left_ms + sum(self._loud.length_ms(*each) for each in spans)
        if left_ms != self._told_left_ms:
            self._told_left_ms = left_ms
            self._context.publish(c.RecoveryProgressed(self._name, self._now_ms(), left_ms))

    def _failed(self, failure: BaseException) -> None:
        """A defect of ours ended the repair: say so."""
        text = f"{self._name}: words that were lost cannot be recovered any more ({type(failure).__name__})."
        self._context.publish(c.Noticed(Severity.WARNING, text))
