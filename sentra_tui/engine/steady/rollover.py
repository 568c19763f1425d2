"""Follows the sessions of all streams to their end, and has the next one take over before it."""

from __future__ import annotations

import random
from collections.abc import Callable

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.changes import EventLogged, MetricMeasured
from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.roads import Road
from sentra_tui.domain.spans import span
from sentra_tui.domain.state import Connection
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.steady.beside import CallBeside, CallsBeside
from sentra_tui.engine.steady.lookout import Lookout
from sentra_tui.engine.steady.pause import Pause
from sentra_tui.engine.store import Store
from sentra_tui.protocol.rollover import Rollover, RolloverBook, RolloverStep
from sentra_tui.protocol.session import Session

LOOK_S = 0.1


class RolloverDriver(Lookout):
    """Looks after the sessions of all streams. `longest_ms` is how long one lasts where the server does not say."""

    def __init__(
        self,
        manager: ConnectionManager,
        beside: CallsBeside,
        store: Store,
        config: ReconnectConfig,
        longest_ms: int,
        context: EngineContext,
        random: Callable[[], float] = random.random,
    ) -> None:
        pause = Pause(store, manager.playback.sounding, context.now_ms)
        book = RolloverBook()
        streams = [
            StreamRollover(
                call,
                Rollover(call.stream.name, config, book, random),
                pause,
                store,
                longest_ms,
                context,
                keeps_standby=config.standby,
            )
            for call in beside
        ]
        super().__init__(streams, LOOK_S, "rollover", context)


class StreamRollover(CallObserver):
    """Carries out for one stream what its machine decides, and measures how long no call took its sound."""

    def __init__(
        self,
        beside: CallBeside,
        machine: Rollover,
        pause: Pause,
        store: Store,
        longest_ms: int,
        context: EngineContext,
        *,
        keeps_standby: bool,
    ) -> None:
        self._keeps_standby = keeps_standby
        self._beside = beside
        self._stream = beside.stream
        self._machine = machine
        self._pause = pause
        self._store = store
        self._longest_ms = longest_ms
        self._context = context
        self._session: Session | None = None
        self._begun_ms = 0
        self._ends_ms = 0
        self._takes = False
        self._missed_frames = 0
        self._stream.observers.append(self)
        self._stream.pump.taps.append(self._hear)

    def look(self) -> None:
        """See what the time asks for."""
        self._follow()
        name, stands = self._stream.name, self._beside.stands
        step = self._machine.tick(
            self._context.now_ms(),
            dialling=self._beside.dialling,
            stands=stands,
            quiet=stands and self._pause.quiet(name),
            speaking=stands and self._pause.speaking(name),
        )
        match step:
            case RolloverStep.DIAL:
                self._tell(f"the session ends in {span(self._ends_ms - self._context.now_ms())}: dials the next one")
                self._beside.dial()
            case RolloverStep.TAKE:
                self._take()
            case RolloverStep.GIVE_UP:
                self._tell("the session ends, and no other stands")

    def session_began(self, number: int, dialled: Dialled, now_ms: int) -> None:
        """Tell the gap, where this session took the place of another because of us."""
        if not self._takes:
            return
        self._takes = False
        gap_ms = self._missed_frames * FRAME_MS
        lasted = span(now_ms - self._begun_ms)
        self._context.publish(MetricMeasured(now_ms, Metric.ROLLOVER_GAP_MS, gap_ms, self._stream.name))
        self._tell(f"a new session took over after {lasted}, {gap_ms} ms without one")

    def _hear(self, _: bytes) -> None:
        if self._takes and self._stream.pump.transport is None:
            self._missed_frames += 1

    def _follow(self) -> None:
        """Take up a session that is new, or whose end was told."""
        name = self._stream.name
        state = self._store.state.stream(name)
        live = state is not None and state.connection is Connection.LIVE and state.transport != Road.HTTP
        session = self._stream.call.session if live else None
        if session is not self._session:
            self._session, self._ends_ms, self._takes = session, 0, False
            self._begun_ms = self._beside.begun_ms(self._stream.pump.transport)
            self._machine.ended()
            if not self._keeps_standby:
                self._beside.drop()
        if session is None or state is None:
            return
        told_ms = self._begun_ms + self._longest_ms if state.ends_ms is None else state.ends_ms
        ends_ms = min(told_ms, self._begun_ms + self._longest_ms)
        if ends_ms != self._ends_ms:
            self._ends_ms = ends_ms
            self._machine.limited(self._begun_ms, ends_ms)

    def _take(self) -> None:
        dialled = self._beside.give() if self._stream.call.state is Connection.LIVE else None
        if dialled is None:
            return
        self._takes, self._missed_frames = True, 0
        self._stream.call.take(dialled)

    def _tell(self, text: str) -> None:
        self._context.publish(EventLogged(self._context.now_ms(), self._stream.name, text))
