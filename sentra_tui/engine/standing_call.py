"""One call that stands: what is said in it, and whether it lives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Protocol

from sentra_tui.domain.changes import Change, ContactHeard, QualityMeasured
from sentra_tui.domain.errors import TransportError
from sentra_tui.domain.roads import Road
from sentra_tui.engine.call_listener import CallListener
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.protocol.client_events import ClientEvent
from sentra_tui.protocol.effects import Effect
from sentra_tui.protocol.liveness import Liveness, Verdict
from sentra_tui.protocol.session import Session

LOOK_S = 0.25
CONTACT_EVERY = 2
QUALITY_EVERY = 4
TURN_S = 0.01
"""How long messages that wait already may be read without a pause: sound and keys have their turn, too."""


class CallKeeper(Protocol):
    """Who decides what follows from what happens in a call."""

    def perform(self, outputs: Sequence[Change | Effect]) -> None:
        """Publish changes and carry out effects, in order."""
        ...

    def judged(self, call: StandingCall, verdict: Verdict) -> None:
        """This is what is to be thought of the call's life; told four times a second."""
        ...

    def broke(self, call: StandingCall, error: TransportError) -> None:
        """The call ended by itself."""
        ...

    def failed(self, failure: BaseException) -> None:
        """A defect of ours ended a task of the call."""
        ...


class StandingCall:
    """A connected transport, its session, and the task that listens to it. `number` names the session."""

    def __init__(
        self,
        stream: str,
        number: int,
        dialled: Dialled,
        make_session: Callable[[int, Dialled], Session],
        liveness: Liveness,
        keeper: CallKeeper,
        listener: CallListener,
        context: EngineContext,
    ) -> None:
        self.session: Session | None = make_session(number, dialled)
        """The conversation, until it is ended."""
        self.liveness = liveness
        self._stream = stream
        self._number = number
        self._dialled = dialled
        self._transport = dialled.transport
        self._wire = dialled.wire
        self._keeper = keeper
        self._listener = listener
        self._tasks = context.tasks
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._carries_sound = False
        self._task: asyncio.Task[None] | None = None

    def start(self, told: Sequence[Change | Effect]) -> None:
        """Tell that it stands, and listen to it."""
        self.liveness.began(self._now_ms(), over_tcp=self._transport.name == Road.WEBSOCKET)
        self._task = self._tasks.start(self._live(), self._keeper.failed, f"{self._stream} call")
        self._keeper.perform(told)
        if self.session is None:  # renewed as soon as it stood: its choices had changed on the way
            return
        self._carries_sound = True
        for observer in self._listener.observers:
            observer.session_began(self._number, self._dialled, self._now_ms())
        self._listener.call_began(self._dialled)

    def send(self, event: ClientEvent) -> None:
        """Send this, where the server takes it; raises TransportLost or TransportRefused."""
        message = self._wire.encode(event)
        if message is None:
            return
        self._transport.send(message)
        for observer in self._listener.observers:
            observer.event_went(event, self._now_ms())

    def end_session(self) -> None:
        """Settle what is open in it; nothing more of it is heard, and it gets no more sound."""
        session, self.session = self.session, None
        if session is None:
            return
        self._keeper.perform(session.close(self._now_ms()))
        if not self._carries_sound:
            return
        self._carries_sound = False
        self._listener.call_ended()
        for observer in self._listener.observers:
            observer.session_ended(self._number, self._now_ms())

    def close(self) -> asyncio.Task[None] | None:
        """Begin to close it; return the task that ends when it is gone from the network, None where it has ended."""
        self.end_session()
        task = self._task
        if task is None or task.done():
            return None
        by_itself = asyncio.current_task() is task
        if not by_itself:
            task.cancel()
        return self._tasks.start(self._gone(task), lambda failure: None, f"{self._stream} old call")

    async def _gone(self, task: asyncio.Task[None]) -> None:
        await asyncio.wait({task})
        await self._transport.close()  # a task that is cancelled before its first step closes nothing

    async def _live(self) -> None:
        watch = self._tasks.start(self._watch(), self._keeper.failed, f"{self._stream} watch")
        try:
            await self._converse()
        except TransportError as error:
            self._keeper.broke(self, error)
        finally:
            watch.cancel()
            self.end_session()
            await self._transport.close()

    async def _converse(self) -> None:
        loop = asyncio.get_running_loop()
        paused_at_s = loop.time()
        async for message in self._transport.messages():
            if self.session is None:
                return
            self._take(message, self.session)
            if loop.time() - paused_at_s >= TURN_S:
                await asyncio.sleep(0)
                paused_at_s = loop.time()

    def _take(self, message: str, session: Session) -> None:
        event = self._wire.decode(message)
        answer = self._wire.answer(event)
        if answer is not None:
            self._transport.send(answer)
        now_ms = self._now_ms()
        for observer in self._listener.observers:
            observer.event_came(event, now_ms)
        self._keeper.perform(session.receive(event, now_ms))

    async def _watch(self) -> None:
        for number in count(1):
            await asyncio.sleep(LOOK_S)
            if self.session is None:
                return
            now_ms = self._now_ms()
            self._keeper.perform(self.session.tick(now_ms))
            self._look_after(now_ms)
            if number % CONTACT_EVERY == 0:
                heard_ms = now_ms - int(self._transport.contact_age_s() * 1000)
                self._publish(ContactHeard(self._stream, heard_ms))
            if number % QUALITY_EVERY == 0:
                self._publish(QualityMeasured(self._stream, now_ms, await self._transport.quality()))

    def _look_after(self, now_ms: int) -> None:
        heard_s, answered_s = self._transport.contact_age_s(), self._transport.answer_age_s()
        losses = self._transport.take_losses()
        for observer in self._listener.observers:
            observer.looked_after(heard_s, answered_s, losses, now_ms)
        self._keeper.judged(self, self.liveness.observe(now_ms, heard_s, answered_s))
