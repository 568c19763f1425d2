"""The driver of one stream's call: performs what its two machines ask for.

`CallMachine` decides when to dial, wait and give up; `Session` decides what the conversation means. This driver owns
the one task that a stream's call has at any time, a dial with the call behind it or a wait, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import singledispatchmethod
from typing import Any

from sentra_tui.domain.changes import Change, ContactHeard, Noticed, QualityMeasured
from sentra_tui.domain.errors import ProtocolError, SentraError, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.ports import Transport
from sentra_tui.domain.state import Connection, Severity
from sentra_tui.engine.call_listener import CallListener
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.protocol import effects as e
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.session import Session
from sentra_tui.protocol.wire import Wire

CONTACT_INTERVAL_S = 0.5
QUALITY_EVERY = 2

_LOG = logging.getLogger(__name__)

Output = Change | e.Effect
Dial = Callable[[], Awaitable[Dialled]]
"""Makes one call: returns it connected, or raises TransportLost or TransportRefused."""


class CallDriver:
    """Runs the call of one stream."""

    def __init__(
        self,
        stream: str,
        machine: CallMachine,
        dial: Dial,
        make_session: Callable[[int, Dialled], Session],
        listener: CallListener,
        context: EngineContext,
    ) -> None:
        self.stream = stream
        self._machine = machine
        self._dial = dial
        self._make_session = make_session
        self._listener = listener
        self._tasks = context.tasks
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._transport: Transport | None = None
        self._wire = Wire()
        self._session: Session | None = None

    @property
    def state(self) -> Connection:
        """Where the call stands."""
        return self._machine.state

    @property
    def session(self) -> Session | None:
        """The conversation of the call that stands, if one does."""
        return self._session

    def connect(self) -> None:
        """Dial, if the stream is off or has failed; else nothing."""
        if self.state in (Connection.OFF, Connection.FAILED):
            self.perform(self._machine.connect(self._now_ms()))

    def retry_now(self) -> None:
        """Dial at once, if the stream is trying to or has failed; else nothing."""
        if self.state is Connection.RECONNECTING:
            self.perform(self._machine.retry_now(self._now_ms()))
        elif self.state is Connection.FAILED:
            self.connect()

    def hang_up(self) -> None:
        """End the call, or the attempts at one; nothing if there is none."""
        if self.state is not Connection.OFF:
            self._end_session()
            self.perform(self._machine.hang_up(self._now_ms()))

    def renew(self, cause: str) -> None:
        """Put a new call in the place of the one that stands; nothing if none does."""
        if self.state is Connection.LIVE:
            self._break(TransportLost(cause, retry_after_s=0.0))

    def take(self, dialled: Dialled) -> None:
        """Go on by this call, which stands, in place of the one that does; raises ProtocolError if none does."""
        if self.state is not Connection.LIVE:
            raise ProtocolError("There is no call to take the place of.")
        self._end_session()
        if self._transport is not None:
            self._release(self._transport)
        self._start(self._go_on(dialled))
        if self._task is not None:  # one that is cancelled before its first step closes nothing
            self._task.add_done_callback(lambda _: self._let_go(dialled.transport))

    def _let_go(self, transport: Transport) -> None:
        self._tasks.start(transport.close(), lambda failure: None, f"{self.stream} old call")

    async def closed(self) -> None:
        """Wait until calls that were hung up are gone from the network, too."""
        if self._ending:
            await asyncio.wait(self._ending)

    def perform(self, outputs: Sequence[Output]) -> None:
        """Publish changes and carry out effects, in order.

        Raises TransportError when one of them is that the call must be given up.
        """
        for output in outputs:
            if isinstance(output, e.Effect):
                self._carry_out(output)
            else:
                self._publish(output)

    @singledispatchmethod
    def _carry_out(self, effect: e.Effect) -> None:
        raise TypeError(f"no way to carry out {type(effect).__name__}")

    @_carry_out.register
    def _(self, effect: e.Dial) -> None:
        self._start(self._call())

    @_carry_out.register
    def _(self, effect: e.WaitThenDial) -> None:
        self._start(self._wait(effect.delay_s))

    @_carry_out.register
    def _(self, effect: e.EndCall) -> None:
        self._stop()

    @_carry_out.register
    def _(self, effect: e.SendEvent) -> None:
        if self._transport is None:
            return
        try:
            message = self._wire.encode(effect.event)
            if message is not None:
                self._transport.send(message)
        except TransportLost:
            _LOG.info("%s: a message came too late for its call", self.stream)
        except TransportRefused as error:
            # Whoever tells something may be in the middle of another stream's work: this is not its failure.
            self._publish(Noticed(Severity.WARNING, error.message, error.hint))

    @_carry_out.register
    def _(self, effect: e.FlushPlayback) -> None:
        self._listener.flush_playback()

    @_carry_out.register
    def _(self, effect: e.BeginPlayback) -> None:
        self._listener.begin_playback()

    @_carry_out.register
    def _(self, effect: e.RefuseVoice) -> None:
        self._listener.refuse_voice(effect.cause)

    @_carry_out.register
    def _(self, effect: e.MeterUsage) -> None:
        self._listener.meter(effect.lane, effect.usage)

    @_carry_out.register
    def _(self, effect: e.CallBroken) -> None:
        error = TransportRefused if effect.refused else TransportLost
        raise error(effect.cause, hint=effect.hint)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._stop()
        self._task = self._tasks.start(work, self._failed, f"{self.stream} call")

    def _stop(self) -> None:
        task, self._task = self._task, None
        if task is None or task.done():
            return
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        if task is not asyncio.current_task():
            task.cancel()

    def _failed(self, failure: BaseException) -> None:
        """A defect of ours ended the call's task: say so, and leave the rest of the program alone."""
        self._break(TransportRefused(f"Internal error ({type(failure).__name__}).", hint="Press r to retry."))

    async def _wait(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self.perform(self._machine.retry_due(self._now_ms()))

    async def _call(self) -> None:
        began_ms = self._now_ms()
        try:
            dialled = await self._dial()
        except SentraError as error:
            self._break(error)
            return
        now_ms = self._now_ms()
        await self._live(
            dialled, self._machine.connected(now_ms, dialled.transport.name, now_ms - began_ms, dialled.detour)
        )

    async def _go_on(self, dialled: Dialled) -> None:
        replaced = self._machine.replaced(self._now_ms(), dialled.transport.name, dialled.detour)
        await self._live(dialled, replaced)

    async def _live(self, dialled: Dialled, told: Sequence[Output]) -> None:
        transport = dialled.transport
        watch = self._tasks.start(self._watch(transport), self._failed, f"{self.stream} watch")
        try:
            self._begin(dialled, told)
            if self._session is not None:  # else renewed as soon as it stood: its choices had changed on the way
                await self._converse(transport)
        except TransportError as error:
            self._break(error)
        finally:
            watch.cancel()
            self._release(transport)
            await transport.close()

    def _begin(self, dialled: Dialled, told: Sequence[Output]) -> None:
        self._transport = dialled.transport
        self._wire = dialled.wire
        self._session = self._make_session(self._now_ms(), dialled)
        self.perform(told)
        self._listener.call_began(dialled)

    async def _converse(self, transport: Transport) -> None:
        async for message in transport.messages():
            if self._session is None:
                return
            event = self._wire.decode(message)
            answer = self._wire.answer(event)
            if answer is not None:
                transport.send(answer)
            self.perform(self._session.receive(event, self._now_ms()))

    async def _watch(self, transport: Transport) -> None:
        count = 0
        while True:
            await asyncio.sleep(CONTACT_INTERVAL_S)
            now_ms = self._now_ms()
            if self._session is not None:
                self.perform(self._session.tick(now_ms))
            heard_ms = now_ms - int(transport.contact_age_s() * 1000)
            self._publish(ContactHeard(self.stream, heard_ms))
            count += 1
            if count % QUALITY_EVERY == 0:
                self._publish(QualityMeasured(self.stream, now_ms, await transport.quality()))

    def _break(self, error: SentraError) -> None:
        """The call, or the attempt at one, ended with `error`: let the machine decide what follows."""
        self._end_session()
        now_ms = self._now_ms()
        if isinstance(error, TransportLost):
            self.perform(self._machine.lost(now_ms, error.message, error.hint, error.retry_after_s))
        else:
            self.perform(self._machine.refused(now_ms, error.message, error.hint))

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self.perform(session.close(self._now_ms()))

    def _release(self, transport: Transport) -> None:
        if self._transport is transport:
            self._transport = None
            self._listener.call_ended()
