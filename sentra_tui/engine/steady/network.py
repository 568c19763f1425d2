"""Drives the watch over the network: tells every call what happened, and dials the moment the way is open again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from sentra_tui.domain import changes as c
from sentra_tui.domain.changes.network import NetworkStep
from sentra_tui.domain.spans import span
from sentra_tui.domain.state import Connection
from sentra_tui.domain.steady_ports import Beacon, NetworkWatch
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.store import Store

OFTEN_S = 0.5
OFTEN_FOR_S = 30.0
SELDOM_S = 1.0
OPEN_S = 2.0
"""While the host can be reached, it is another thing that lacks: there is no hurry to notice anew that it cannot."""

_WORDS: dict[NetworkStep, str] = {
    "changed": "The network changed",
    "down": "There is no network",
    "up": "There is a network again",
    "slept": "The machine slept",
}


class SteadyCall(Protocol):
    """What a call does about the network."""

    def shaken(self, cause: str) -> None:
        """Prove that the call stands, or dial another beside it."""
        ...

    def network_up(self) -> None:
        """Dial at once, if a dial is waited for, and count anew."""
        ...

    def slept(self, slept_ms: int) -> None:
        """Take what stood for dead."""
        ...


class Reconnectable(Protocol):
    """A stream, as far as the network matters to it."""

    @property
    def name(self) -> str:
        """What the stream is called."""
        ...

    @property
    def call(self) -> SteadyCall:
        """Its call."""
        ...


_WORTH_A_TRY = (c.StreamReconnecting, c.StreamSuspected, c.StreamConnected)


class NetworkDriver:
    """One watch and one beacon for all streams: what is true of the network is true for each of them."""

    def __init__(
        self,
        watch: NetworkWatch,
        beacon: Beacon,
        streams: Sequence[Reconnectable],
        store: Store,
        context: EngineContext,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._watch = watch
        self._beacon = beacon
        self._streams = streams
        self._store = store
        self._context = context
        self._sleep = sleep
        self._watching: asyncio.Task[None] | None = None
        self._trying: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._watching = self._context.tasks.start(self._watch.watch(self._tell), self._failed, "network watch")
        self._store.subscribe(self._hear)

    async def close(self) -> None:
        """Watch no more."""
        tasks = [task for task in (self._watching, self._trying) if task is not None]
        for task in tasks:
            task.cancel()
        self._watching = self._trying = None
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tell(self, step: NetworkStep, detail: str, slept_ms: int) -> None:
        now_ms = self._context.now_ms()
        self._context.publish(c.NetworkChanged(now_ms, step, detail, slept_ms))
        self._log(f"{_WORDS[step]} ({detail or span(slept_ms)}).")
        for stream in self._streams:
            if step == "slept":
                stream.call.slept(slept_ms)
            else:
                stream.call.shaken(_WORDS[step])
            if step != "down":
                stream.call.network_up()

    def _hear(self, change: c.Change) -> None:
        # While a call stands the beacon learns where the host is: without a network no name can be looked up.
        if (
            not isinstance(change, c.StreamReconnecting | c.StreamSuspected | c.StreamConnected)
            or self._watching is None
        ):
            return
        if self._trying is None or self._trying.done():
            self._trying = self._context.tasks.start(self._try(), self._failed, "beacon")

    async def _try(self) -> None:
        """Try the beacon once, and on while a stream reconnects; when it comes into reach, have all of those dial."""
        began_ms = self._context.now_ms()
        reached = True
        while True:
            asked_ms = self._context.now_ms()
            was_reached, reached = reached, await self._beacon.reaches()
            if reached and not was_reached:
                self._dial()
            if not self._reconnecting():
                return
            answered_ms = self._context.now_ms()
            often = answered_ms - began_ms < OFTEN_FOR_S * 1000
            every_s = OPEN_S if reached else OFTEN_S if often else SELDOM_S
            await self._sleep(max(0.0, every_s - (answered_ms - asked_ms) / 1000))
            if not self._reconnecting():
                return

    def _dial(self) -> None:
        streams = self._reconnecting()
        if streams:
            self._log("The provider can be reached again.")
        for stream in streams:
            stream.call.network_up()

    def _reconnecting(self) -> list[Reconnectable]:
        views = {view.name: view for view in self._store.state.streams}
        found = [(stream, views[stream.name]) for stream in self._streams if stream.name in views]
        return [stream for stream, view in found if view.connection is Connection.RECONNECTING or view.suspected]

    def _log(self, text: str) -> None:
        self._context.publish(c.EventLogged(self._context.now_ms(), "network", text))

    def _failed(self, failure: BaseException) -> None:
        self._log(f"Internal error ({type(failure).__name__}): the network is watched no more.")
