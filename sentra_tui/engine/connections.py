"""The connection manager: named streams, each apart from the others, behind one way in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from sentra_tui.domain import actions as a
from sentra_tui.domain.changes import Change, Noticed, StreamAdded
from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.ports import AudioSink
from sentra_tui.domain.state import Connection, Severity
from sentra_tui.engine.audio import Meter
from sentra_tui.engine.clock import EngineClock
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.playback import Playback
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamPlan, StreamRunner
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.connection import CallMachine


class ManagerPorts(Struct, frozen=True):
    """What the manager needs of the world besides the streams' own plans."""

    make_meter: Callable[[], Meter]
    open_sink: Callable[[], Awaitable[AudioSink]]
    random: Callable[[], float]
    """Gives numbers from 0 to 1, for the jitter of retries."""


class ConnectionManager:
    """Runs the planned streams in `tasks` and answers for the actions about them."""

    def __init__(
        self,
        plans: Sequence[StreamPlan],
        store: Store,
        clock: EngineClock,
        policy: ReconnectConfig,
        ports: ManagerPorts,
        tasks: TaskOwner,
    ) -> None:
        self._store = store
        self._recordings_begin = asyncio.Event()
        context = EngineContext(tasks, clock.now_ms, store.publish)
        self._playback = Playback(ports.open_sink, context, self._tell_voice)
        self._streams = {
            plan.name: StreamRunner(
                plan,
                CallMachine(plan.name, policy, ports.random),
                ports.make_meter(),
                self._playback if plan.answers else None,
                self._recordings_begin,
                context,
            )
            for plan in plans
        }
        store.subscribe(self._begin_recordings)
        self._answer_for_actions()

    def _answer_for_actions(self) -> None:
        handle = self._store.handle
        handle(a.ConnectStream, lambda action: self._on(action.stream, lambda stream: stream.call.connect()))
        handle(a.HangUp, lambda action: self._on(action.stream, lambda stream: stream.call.hang_up()))
        handle(a.SetMute, lambda action: self._on(action.stream, lambda stream: stream.set_mute(action.muted)))
        handle(a.RetryNow, lambda _: self._on_each(lambda stream: stream.call.retry_now()))
        handle(a.CancelAnswer, lambda _: self._on_each(StreamRunner.cancel_answer))
        handle(a.SetVoice, lambda action: self._playback.set_voice(action.on))
        handle(a.SayText, lambda action: self._say(action.text))

    def start(self) -> None:
        """Name the streams, open their sources, and dial those that are to be."""
        for stream in self._streams.values():
            self._store.publish(StreamAdded(stream.name))
        self._on_each(StreamRunner.start)

    async def close(self) -> None:
        """Hang up every call and let go of the loudspeaker."""
        self._on_each(lambda stream: stream.call.hang_up())
        await asyncio.gather(self._playback.close(), *(stream.call.closed() for stream in self._streams.values()))

    def _on(self, name: str, step: Callable[[StreamRunner], None]) -> None:
        stream = self._streams.get(name)
        if stream is None:
            known = ", ".join(self._streams)
            self._store.publish(Noticed(Severity.WARNING, f"There is no stream called {name}.", f"There are: {known}."))
            return
        step(stream)

    def _on_each(self, step: Callable[[StreamRunner], None]) -> None:
        for stream in self._streams.values():
            step(stream)

    def _say(self, text: str) -> None:
        if not any(stream.say(text) for stream in self._streams.values()):
            notice = Noticed(Severity.WARNING, "Not sent: the microphone's session is not live.", "Press i to connect.")
            self._store.publish(notice)

    def _tell_voice(self, on: bool) -> None:
        self._on_each(lambda stream: stream.set_voice(on))

    def _begin_recordings(self, _: Change) -> None:
        """Let recordings begin, together, once a call stands and no first dial is under way."""
        if self._recordings_begin.is_set():
            return
        states = {stream.connection for stream in self._store.state.streams}
        if Connection.LIVE in states and Connection.CONNECTING not in states:
            self._recordings_begin.set()
