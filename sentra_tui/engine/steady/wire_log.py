"""Tells what crosses the provider's wire, while somebody watches; the newest events are kept until then."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from msgspec import Struct

from sentra_tui.domain.actions import WatchWire
from sentra_tui.domain.audio import FrameSpan
from sentra_tui.domain.changes import WireLogged
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.steady.observed import ObservedStream
from sentra_tui.engine.store import Store
from sentra_tui.protocol.client_events import ClientEvent
from sentra_tui.protocol.server_events import ServerEvent
from sentra_tui.protocol.wire_facts import Fact, event_type, facts_of, in_words

ROWS_KEPT = 1_000
ROWS_A_SECOND = 200
"""More than that nobody reads, and the pipe to the screen has words to carry."""
ROWS_AT_ONCE = 50
"""How many that were kept are told before sound has its turn again."""
PASSED_OVER = "passed over"


class _Crossed(Struct, frozen=True):
    """One event that crossed the wire, as it is kept."""

    at_ms: int
    stream: str
    outgoing: bool
    event: str
    facts: tuple[Fact, ...]


class WireLogDriver:
    """Watches the calls of `streams` all the time, and tells of them between WatchWire(True) and WatchWire(False).

    What was told once is not told again: whoever watches for a second time is told what came since.
    """

    def __init__(self, streams: Sequence[ObservedStream], store: Store, context: EngineContext) -> None:
        self._publish = context.publish
        self._tasks = context.tasks
        self._telling: asyncio.Task[None] | None = None
        self._untold: deque[_Crossed] = deque(maxlen=ROWS_KEPT)
        self._watched = False
        self._second_began_ms = 0
        self._told = 0
        """How many were told in this second."""
        self._passed_over = 0
        for stream in streams:
            stream.observers.append(_WireTap(stream.name, self))
        store.handle(WatchWire, self._watch)

    def take(self, stream: str, outgoing: bool, event: ServerEvent | ClientEvent, now_ms: int) -> None:
        """Tell of an event, or keep what may be told of it."""
        at_once = self._watched and not self._untold
        if at_once and not self._may_tell(now_ms):
            self._passed_over += 1
            return
        crossed = _Crossed(now_ms, stream, outgoing, event_type(event), facts_of(event))
        if at_once:
            self._tell(crossed)
        else:
            self._untold.append(crossed)

    def tick(self, now_ms: int) -> None:
        """Let time pass: say how many were passed over, once the second is over in which they were."""
        if 0 <= now_ms - self._second_began_ms < 1_000:
            return
        self._second_began_ms, self._told = now_ms, 0
        if self._passed_over and self._watched:
            detail = f"{self._passed_over} events in a burst"
            self._publish(WireLogged(now_ms, "", False, PASSED_OVER, detail))
        self._passed_over = 0

    def _may_tell(self, now_ms: int) -> bool:
        self.tick(now_ms)
        self._told += 1
        return self._told <= ROWS_A_SECOND

    def _watch(self, action: WatchWire) -> None:
        self._watched = action.on
        if not action.on:
            self._passed_over = 0
        elif self._telling is None or self._telling.done():
            self._telling = self._tasks.start(self._tell_untold(), lambda failure: None, "wire log")

    async def _tell_untold(self) -> None:
        while self._watched and self._untold:
            for _ in range(min(ROWS_AT_ONCE, len(self._untold))):
                self._tell(self._untold.popleft())
            await asyncio.sleep(0)

    def _tell(self, crossed: _Crossed) -> None:
        detail = in_words(crossed.facts)
        self._publish(WireLogged(crossed.at_ms, crossed.stream, crossed.outgoing, crossed.event, detail))


class _WireTap(CallObserver):
    """Hands on what crosses the wire of one stream."""

    def __init__(self, stream: str, log: WireLogDriver) -> None:
        self._stream = stream
        self._log = log

    def event_came(self, event: ServerEvent, now_ms: int) -> None:
        """Hand on what came."""
        self._log.take(self._stream, False, event, now_ms)

    def event_went(self, event: ClientEvent, now_ms: int) -> None:
        """Hand on what went."""
        self._log.take(self._stream, True, event, now_ms)

    def looked_after(
        self, heard_age_s: float, answer_age_s: float | None, losses: Sequence[FrameSpan], now_ms: int
    ) -> None:
        """Let time pass."""
        self._log.tick(now_ms)
