"""A call that stands beside the one in use, silent, until it takes its place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from sentra_tui.domain.changes import Change, EventLogged, NetworkChanged
from sentra_tui.domain.errors import SentraError, TransportLost
from sentra_tui.domain.ports import Transport
from sentra_tui.domain.roads import Road
from sentra_tui.domain.state import Connection
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamRunner


class CallBeside(CallObserver):
    """The call beside that of one stream: dialled, kept, given away or closed. At most one at a time.

    It is dialled by the road of the call that stands; where that does not do, by the others in turn. It is no longer
    given once it was not heard for `dead_s`, or its session would be another if it were dialled now.
    """

    def __init__(self, stream: StreamRunner, store: Store, dead_s: float, context: EngineContext) -> None:
        self.stream = stream
        self._store = store
        self._dead_s = dead_s
        self._context = context
        self._task: asyncio.Task[None] | None = None
        self._standing: Dialled | None = None
        self._settings = stream.settings
        self._since_ms = 0
        self._not_before_ms = 0
        self._failures = 0
        self._begun: WeakKeyDictionary[Transport, int] = WeakKeyDictionary()

    @property
    def dialling(self) -> bool:
        """Whether it is being dialled."""
        return self._task is not None

    @property
    def stands(self) -> bool:
        """Whether it stands; one that broke, or does not fit any more, is closed."""
        standing = self._standing
        if standing is None:
            return False
        broke = standing.transport.contact_age_s() > self._dead_s
        if broke:
            self._tell("the call beside broke")
        if broke or self._settings != self.stream.settings:
            self.drop()
        return self._standing is not None

    @property
    def age_ms(self) -> int:
        """How long ago the dial began of what stands."""
        return self._context.now_ms() - self._since_ms

    def begun_ms(self, transport: Transport | None) -> int:
        """Return when the dial of a call began that stands, where it was ours; else when it began to stand."""
        now_ms = self._context.now_ms()
        return now_ms if transport is None else self._begun.get(transport, now_ms)

    def session_began(self, number: int, dialled: Dialled, now_ms: int) -> None:
        """Remember since when this call stands."""
        self._begun.setdefault(dialled.transport, now_ms)

    def dial(self) -> None:
        """Dial it; nothing where it stands or is dialled, or the server wants no dial so soon."""
        if self._task is None and not self.stands and self._context.now_ms() >= self._not_before_ms:
            self._task = self._context.tasks.start(self._dial(), lambda failure: None, f"{self.stream.name} beside")
            self._task.add_done_callback(self._ended)

    def give(self) -> Dialled | None:
        """Return the call that stands, which is the taker's from now on; None where none does."""
        given, self._standing = (self._standing if self.stands else None), None
        return given

    def give_better(self) -> Dialled | None:
        """The same, where it was heard more lately than the call in use: what broke that may have broken both."""
        used = self.stream.pump.transport
        standing = self._standing
        if standing is None or used is None:
            return self.give()
        return None if standing.transport.contact_age_s() > used.contact_age_s() else self.give()

    def drop(self) -> None:
        """Close it, or give up the dial."""
        if self._task is not None:
            self._task.cancel()
        standing, self._standing = self._standing, None
        if standing is not None:
            self._context.tasks.start(standing.transport.close(), lambda failure: None, f"{self.stream.name} not used")

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None

    async def _dial(self) -> None:
        began_ms, self._settings = self._context.now_ms(), self.stream.settings
        try:
            dialled = await self.stream.dial_by(self._road())
        except SentraError as error:
            self._failed(error)
            return
        self._failures = 0
        state = self._store.state.stream(self.stream.name)
        self._begun[dialled.transport] = self._since_ms = began_ms
        detour = "" if state is None else state.detour
        self._standing = replace(dialled, detour=detour, stood_ms=self._context.now_ms())

    def _failed(self, error: SentraError) -> None:
        self._failures += 1
        if isinstance(error, TransportLost) and error.retry_after_s:
            self._not_before_ms = self._context.now_ms() + round(error.retry_after_s * 1000)
        self._tell(f"no call beside yet: {error.message}")

    def _road(self) -> Road:
        state = self._store.state.stream(self.stream.name)
        live = state is not None and state.connection is Connection.LIVE
        taken = [road for road in self.stream.roads if live and state is not None and road == state.transport]
        roads = [*taken, *(road for road in self.stream.roads if road not in taken and road is not Road.HTTP)]
        return (roads or self.stream.roads)[self._failures % max(1, len(roads))]

    def _tell(self, text: str) -> None:
        self._context.publish(EventLogged(self._context.now_ms(), self.stream.name, text))


class CallsBeside:
    """The calls beside those of all streams."""

    def __init__(self, manager: ConnectionManager, store: Store, dead_s: float, context: EngineContext) -> None:
        self._calls = {stream.name: CallBeside(stream, store, dead_s, context) for stream in manager.streams}
        for call in self._calls.values():
            call.stream.spare = call.give_better
            call.stream.observers.append(call)
        store.subscribe(self._hear)

    def __iter__(self) -> Iterator[CallBeside]:
        return iter(self._calls.values())

    def _hear(self, change: Change) -> None:
        """A call that stood while the machine slept is dead, and the clock that would tell stood still too."""
        if isinstance(change, NetworkChanged) and change.step == "slept":
            self.close()

    def close(self) -> None:
        """Keep none any more."""
        for call in self._calls.values():
            call.drop()
