"""The driver of one stream's call: performs what its machines ask for.

`CallMachine` decides when to dial, wait and give up, `Liveness` whether the call that stands is dead. This driver owns
one call that stands and one dial, or the wait before one, which may go on beside it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import singledispatchmethod
from typing import Any

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.errors import ProtocolError, SentraError, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.spans import span
from sentra_tui.domain.state import Connection, Severity
from sentra_tui.engine.call_listener import CallListener
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.standing_call import StandingCall
from sentra_tui.protocol import effects as e
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.liveness import Liveness, Pulse, Verdict
from sentra_tui.protocol.session import Session

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
        make_liveness: Callable[[], Liveness],
        dial: Dial,
        make_session: Callable[[int, Dialled], Session],
        listener: CallListener,
        context: EngineContext,
    ) -> None:
        self.stream = stream
        self._machine = machine
        self._make_liveness = make_liveness
        self._dial = dial
        self._make_session = make_session
        self._listener = listener
        self._context = context
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._dialling: asyncio.Task[None] | None = None
        self._standing: StandingCall | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> Connection:
        """Where the call stands."""
        return self._machine.state

    @property
    def session(self) -> Session | None:
        """The conversation of the call that stands, if one does."""
        return None if self._standing is None else self._standing.session

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
        self._lose(cause)

    def shaken(self, cause: str) -> None:
        """The network is another: the call that stands must prove itself soon, or one is dialled beside it."""
        if self._standing is not None:
            self._standing.liveness.shaken(self._now_ms(), cause)

    def network_up(self) -> None:
        """The network is back: dial at once, if the stream is trying to."""
        self.perform(self._machine.network_up(self._now_ms()))

    def slept(self, slept_ms: int) -> None:
        """The machine slept: whatever stood is gone, and nothing of before may be sent as if it were said now."""
        self._lose(f"The machine slept for {span(slept_ms)}.")

    def take(self, dialled: Dialled) -> None:
        """Go on by this call, which stands, in place of the one that does; raises ProtocolError if none does."""
        if self.state is not Connection.LIVE:
            raise ProtocolError("There is no call to take the place of.")
        self._end_session()
        self._stand(dialled, self._machine.replaced(self._now_ms(), dialled.transport.name, dialled.detour))

    async def closed(self) -> None:
        """Wait until calls that were hung up are gone from the network, too."""
        while self._ending:
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
        self._start_dialling(self._call(effect.limit_s))

    @_carry_out.register
    def _(self, effect: e.WaitThenDial) -> None:
        self._start_dialling(self._wait(effect.delay_s))

    @_carry_out.register
    def _(self, effect: e.EndCall) -> None:
        self._stop_dialling()
        self._drop_call()

    @_carry_out.register
    def _(self, effect: e.DropCall) -> None:
        self._drop_call()

    @_carry_out.register
    def _(self, effect: e.GiveUpDial) -> None:
        self._stop_dialling()

    @_carry_out.register
    def _(self, effect: e.SendEvent) -> None:
        if self._standing is None:
            return
        try:
            self._standing.send(effect.event)
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

    # Dialling

    def _start_dialling(self, work: Coroutine[Any, Any, None]) -> None:
        self._stop_dialling()
        self._dialling = self._context.tasks.start(work, self.failed, f"{self.stream} dial")

    def _stop_dialling(self) -> None:
        task, self._dialling = self._dialling, None
        if task is None or task.done() or task is asyncio.current_task():
            return
        self._await_end(task)
        task.cancel()

    async def _wait(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self.perform(self._machine.retry_due(self._now_ms()))

    async def _call(self, limit_s: float | None) -> None:
        began_ms = self._now_ms()
        try:
            async with asyncio.timeout(limit_s):
                dialled = await self._dial()
        except TimeoutError:
            cause = f"No call came about within {limit_s:g} s."
            self.perform(self._machine.dial_lost(self._now_ms(), cause, "The network may be poor."))
        except TransportLost as error:
            self.perform(self._machine.dial_lost(self._now_ms(), error.message, error.hint, error.retry_after_s))
        except SentraError as error:
            self.perform(self._machine.dial_refused(self._now_ms(), error.message, error.hint))
        else:
            now_ms = self._now_ms()
            self._end_session()
            transport = dialled.transport
            self._stand(dialled, self._machine.connected(now_ms, transport.name, now_ms - began_ms, dialled.detour))

    # The call that stands

    def _stand(self, dialled: Dialled, told: Sequence[Output]) -> None:
        """Go on by this call from now on; one that stood is closed."""
        self._drop_call()
        self._standing = StandingCall(
            self.stream,
            self._now_ms(),
            dialled,
            self._make_session,
            self._make_liveness(),
            self,
            self._listener,
            self._context,
        )
        self._standing.start(told)

    def _drop_call(self) -> None:
        standing, self._standing = self._standing, None
        closing = None if standing is None else standing.close()
        if closing is not None:
            self._await_end(closing)

    def _await_end(self, task: asyncio.Task[None]) -> None:
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _end_session(self) -> None:
        if self._standing is not None:
            self._standing.end_session()

    def judged(self, call: StandingCall, verdict: Verdict) -> None:
        """Dial another call beside one that seems dead; give up the dial where it lives, or the call where it is."""
        if call is not self._standing or self.state is not Connection.LIVE:
            return
        match verdict.pulse:
            case Pulse.ALIVE:
                self.perform(self._machine.cleared(self._now_ms()))
            case Pulse.SUSPECT:
                self.perform(self._machine.suspected_dead(self._now_ms(), verdict.cause))
            case Pulse.DEAD:
                self._lose(verdict.cause, "The network may have changed.", retry_after_s=None)

    def broke(self, call: StandingCall, error: TransportError) -> None:
        """The call that stood ended by itself: let the machine decide what follows."""
        if call is not self._standing or self.state is not Connection.LIVE:
            return
        self._end_session()
        if isinstance(error, TransportLost):
            self.perform(self._machine.lost(self._now_ms(), error.message, error.hint, error.retry_after_s))
        else:
            self.perform(self._machine.refused(self._now_ms(), error.message, error.hint))

    def failed(self, failure: BaseException) -> None:
        """A defect of ours ended a task: say so, and leave the rest of the program alone."""
        if self.state in (Connection.OFF, Connection.FAILED):
            return
        self._end_session()
        text = f"Internal error ({type(failure).__name__})."
        self.perform(self._machine.refused(self._now_ms(), text, "Press r to retry."))

    def _lose(self, cause: str, hint: str = "", retry_after_s: float | None = 0.0) -> None:
        """Give up the call that stands, if one does: the peer is not to blame."""
        if self.state is Connection.LIVE:
            self._end_session()
            lost = self._machine.lost(self._now_ms(), cause, hint, retry_after_s, ended_by_peer=False)
            self.perform(lost)
