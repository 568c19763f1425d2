"""Climbs back to a better road: tries it beside the call that stands, and changes over at a pause in the talk."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import SentraError
from sentra_tui.domain.roads import Road
from sentra_tui.domain.state import Connection
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.lossy_roads import LossyRoads
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.steady.pause import Pause
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamRunner

SETTLE_MS = 5_000
"""So long a call stands before a better road is thought of."""
_LOOK_S = 0.1
_LOOKS = 1_200
"""A better call waits two minutes for a pause."""


class RoadClimber:
    """Looks after all streams that go by another road than their best, also those that had to leave it."""

    def __init__(self, manager: ConnectionManager, store: Store, context: EngineContext) -> None:
        self._manager = manager
        self._store = store
        self._context = context
        self._pause = Pause(store, manager.playback.sounding, context.now_ms)
        self._climbs: dict[str, asyncio.Task[None]] = {}
        self._waiting: set[str] = set()
        """Those streams whose better call stands, and waits for a pause."""
        self._lossy = LossyRoads(manager, store, context)
        store.subscribe(self._hear)

    def climb_now(self) -> None:
        """Try better roads at once: the user will not wait."""
        for stream in self._store.state.streams:
            if stream.connection is Connection.LIVE and stream.name not in self._waiting:
                self._begin(stream.name, stream.transport, settle_ms=0)

    def close(self) -> None:
        """Climb no more, and leave no road."""
        self._lossy.close()
        for stream in [*self._climbs]:
            self._stop(stream)

    def _hear(self, change: c.Change) -> None:
        match change:
            case c.StreamConnected(stream=stream, transport=transport):
                self._begin(stream, transport, SETTLE_MS)
            case c.StreamReconnecting() | c.StreamFailed() | c.StreamClosed():
                self._stop(change.stream)

    def _begin(self, stream: str, transport: str, settle_ms: int) -> None:
        self._stop(stream)
        if transport in self._manager.stream(stream).roads[1:]:
            work = self._climb(self._manager.stream(stream), Road(transport), settle_ms)
            self._climbs[stream] = self._context.tasks.start(work, lambda failure: None, f"{stream} climb")

    def _stop(self, stream: str) -> None:
        task = self._climbs.pop(stream, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _climb(self, stream: StreamRunner, taken: Road, settle_ms: int) -> None:
        earliest_ms = self._context.now_ms() + settle_ms
        while (better := self._manager.roads.better(stream.roads, taken)) is not None:
            road, due_ms = better
            await self._sleep_until(max(due_ms, earliest_ms))
            earliest_ms = self._context.now_ms() + SETTLE_MS
            try:
                dialled = await stream.dial_by(road)
            except SentraError as error:
                self._tell(stream.name, f"{road.value} does not do yet: {error.message}")
                continue
            if await self._change_over(stream, dialled):
                return

    async def _change_over(self, stream: StreamRunner, dialled: Dialled) -> bool:
        """Take this call at the next pause; return whether there was one in time."""
        taken = False
        dialled = replace(dialled, stood_ms=self._context.now_ms())
        self._waiting.add(stream.name)
        try:
            for _ in range(_LOOKS):
                if self._pause.quiet(stream.name):
                    taken = True
                    stream.call.take(dialled)
                    return True
                await asyncio.sleep(_LOOK_S)
        finally:
            self._waiting.discard(stream.name)
            if not taken:
                await dialled.transport.close()
        self._tell(stream.name, "the talk did not pause: a better road waits")
        return False

    async def _sleep_until(self, due_ms: int) -> None:
        await asyncio.sleep(max(0, due_ms - self._context.now_ms()) / 1000)

    def _tell(self, stream: str, text: str) -> None:
        self._context.publish(c.EventLogged(self._context.now_ms(), stream, text))
