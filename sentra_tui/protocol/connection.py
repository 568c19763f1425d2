"""How a stream's call comes, breaks and comes back: the table of its states, and the wait between dials.

While a call stands whose life is in doubt, another is dialled beside it: the state stays live, and whichever of the two
proves itself first goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sentra_tui.domain.changes import (
    Change,
    StreamClosed,
    StreamConnected,
    StreamConnecting,
    StreamFailed,
    StreamReconnecting,
    StreamSuspected,
)
from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.errors import ProtocolError
from sentra_tui.domain.state import Connection
from sentra_tui.protocol.call_steps import TABLE, Step
from sentra_tui.protocol.causes import after_attempts, asks_to_wait
from sentra_tui.protocol.effects import Dial, DropCall, Effect, EndCall, GiveUpDial, WaitThenDial

STABLE_MS = 5_000
"""A call that stayed this long was a good one: the count of attempts begins anew."""
QUICK_DEATHS_MAX = 3
"""So many calls in a row that the provider took and ended at once are a fault that dialling does not mend."""
LONGEST_WAIT_S = 120.0
"""A server that asks for a longer wait is told to the user, who decides."""
FRESH_DIAL_MS = 1_000
"""A dial that began so lately need not begin anew when the network is back."""
DOUBLINGS_MAX = 30
DIAL_LIMITS_S = (4.0, 6.0, 20.0)
"""How long the dials after a break may take, by turns: one that began while the network was away may wait in vain long
after it is back, and where the network is slow every third has its time.
"""
_ASKED_WAIT_SPREAD = 0.05
"""A wait that a server asked for is longer by up to this share, so that not all clients come at once."""

Outcome: TypeAlias = list[Change | Effect]


def backoff_s(policy: ReconnectConfig, attempt: int, random: float) -> float:
    """Return the wait before dial number `attempt`: full jitter, `random` (0 to 1) of a doubling, capped span."""
    doublings = min(max(0, attempt - 1), DOUBLINGS_MAX)
    return random * min(policy.cap_s, policy.base_s * 2.0**doublings)


def _limited(attempt: int) -> Dial:
    """Return a dial after a break."""
    return Dial(attempt, DIAL_LIMITS_S[(attempt - 1) % len(DIAL_LIMITS_S)])


class CallMachine:
    """The call of one stream. Each method is one thing that happened; it returns what to tell and what to do.

    Every method raises ProtocolError, and changes nothing, where the table has no such step.
    """

    def __init__(self, stream: str, policy: ReconnectConfig, random: Callable[[], float]) -> None:
        """`random` gives numbers from 0 up to 1, as `random.random` does."""
        self._stream = stream
        self._policy = policy
        self._random = random
        self._state = Connection.OFF
        self._attempt = 0
        self._waiting = False
        self._beside = False
        """A dial, or the wait before one, is under way beside the call that stands."""
        self._suspected = False
        self._quick_deaths = 0
        self._renewals = 0
        """So many calls in a row were soon given up for another, by choice."""
        self._live_since_ms = 0
        self._dialled_at_ms = 0
        self._due_ms = 0
        self._not_before_ms = 0
        """The server wants no dial sooner."""
        self._asked_cause = ""

    @property
    def state(self) -> Connection:
        """Where the call stands."""
        return self._state

    @property
    def suspected(self) -> bool:
        """Whether the call that stands is believed dead."""
        return self._suspected

    def connect(self, now_ms: int) -> Outcome:
        """The user wants the call."""
        self._take(Step.CONNECT)
        self._quick_deaths = self._not_before_ms = 0
        return self._dial(1, now_ms)

    def connected(self, now_ms: int, transport: str, dial_ms: float, detour: str = "") -> Outcome:
        """The dial came through, also one beside the call that stood; `detour` says why not by a better road."""
        self._refuse_while_waiting(Step.CONNECTED)
        self._take(Step.REPLACED if self._beside else Step.CONNECTED)
        self._stands(now_ms)
        return [StreamConnected(self._stream, now_ms, transport, dial_ms, detour)]

    def replaced(self, now_ms: int, transport: str, detour: str = "") -> Outcome:
        """Another call, which stands already, took the place of the one that stood."""
        self._take(Step.REPLACED)
        given_up: Outcome = [GiveUpDial()] if self._beside else []
        self._stands(now_ms)
        return [*given_up, StreamConnected(self._stream, now_ms, transport, detour=detour)]

    def suspected_dead(self, now_ms: int, cause: str) -> Outcome:
        """The call that stands gives no sign of life: dial another beside it. Once is enough."""
        self._take(Step.SUSPECTED)
        if self._suspected:
            return []
        self._suspected = self._beside = True
        self._attempt = 1
        self._dialled_at_ms = now_ms
        return [StreamSuspected(self._stream, now_ms, True, cause), _limited(1)]

    def cleared(self, now_ms: int) -> Outcome:
        """The call that stands gives signs of life again."""
        self._take(Step.CLEARED)
        if not self._suspected:
            return []
        self._suspected = self._beside = self._waiting = False
        return [StreamSuspected(self._stream, now_ms, False), GiveUpDial()]

    def lost(
        self,
        now_ms: int,
        cause: str,
        hint: str = "",
        retry_after_s: float | None = None,
        *,
        ended_by_peer: bool = True,
    ) -> Outcome:
        """The call that stood, or else the dial, broke.

        `retry_after_s` is the wait that the server asked for; `ended_by_peer` says that it broke the call off, where
        the network did not.
        """
        self._refuse_while_waiting(Step.LOST)
        was_live = self._state is Connection.LIVE
        renewed = was_live and not ended_by_peer and retry_after_s == 0
        stable = was_live and now_ms - self._live_since_ms >= STABLE_MS
        attempt = 1 if stable else self._attempt + (not renewed)
        self._renewals = 0 if stable else self._renewals + renewed
        self._quick_deaths = 0 if stable else self._quick_deaths + (was_live and ended_by_peer)
        given_up = self._given_up(cause, hint, attempt, retry_after_s) or self._asked_too_long(now_ms)
        if given_up is not None:
            return self._fail(Step.EXHAUSTED, now_ms, *given_up)
        self._take(Step.LOST)
        if was_live and self._beside:
            return self._left_to_beside(now_ms, cause, hint)
        ended: Outcome = [EndCall()] if was_live else []
        self._suspected = False
        self._attempt = attempt
        delay_s = self._wait_s(attempt, retry_after_s, now_ms)
        return [*ended, self._reconnecting(now_ms, cause, hint), WaitThenDial(delay_s)]

    def dial_lost(self, now_ms: int, cause: str, hint: str = "", retry_after_s: float | None = None) -> Outcome:
        """A dial broke: the one beside a call that stands is tried again without a word."""
        if self._state is not Connection.LIVE:
            return self.lost(now_ms, cause, hint, retry_after_s)
        self._attempt += 1
        self._asked_cause = cause if retry_after_s else ""
        return [WaitThenDial(self._wait_s(self._attempt, retry_after_s, now_ms))]

    def dial_refused(self, now_ms: int, cause: str, hint: str = "") -> Outcome:
        """The peer refused a dial: beside a call that stands, no other follows before that one is over."""
        if self._state is not Connection.LIVE:
            return self.refused(now_ms, cause, hint)
        self._beside = self._waiting = False
        return []

    def refused(self, now_ms: int, cause: str, hint: str = "") -> Outcome:
        """The peer said no."""
        self._refuse_while_waiting(Step.REFUSED)
        return self._fail(Step.REFUSED, now_ms, cause, hint)

    def retry_due(self, now_ms: int) -> Outcome:
        """The wait is over; nothing to do where the dial is under way already."""
        self._take(Step.RETRY_DUE)
        if not self._waiting:
            return []
        if self._state is not Connection.LIVE:
            return self._dial(self._attempt, now_ms)
        self._waiting = False
        return [_limited(self._attempt)]

    def retry_now(self, now_ms: int) -> Outcome:
        """The user will not wait: dial at once, and count anew."""
        failed = self._state is Connection.FAILED
        self._take(Step.RETRY_NOW)
        self._quick_deaths = self._not_before_ms = 0
        return self._dial(1, now_ms) if failed or self._waiting else []

    def network_up(self, now_ms: int) -> Outcome:
        """The network is back: dial at once and count anew, also in place of a dial that began while it was away.

        A wait that the server asked for stays.
        """
        wanted = self._beside or self._state is Connection.RECONNECTING
        fresh = not self._waiting and now_ms - self._dialled_at_ms < FRESH_DIAL_MS
        if not wanted or fresh or now_ms < self._not_before_ms:
            return []
        self._quick_deaths = 0
        if self._state is Connection.RECONNECTING:
            return self._dial(1, now_ms)
        self._attempt, self._waiting, self._dialled_at_ms = 1, False, now_ms
        return [_limited(1)]

    def hang_up(self, now_ms: int) -> Outcome:
        """The user wants no call."""
        failed = self._state is Connection.FAILED
        self._take(Step.HANG_UP)
        self._rest()
        closed = StreamClosed(self._stream, now_ms)
        return [closed] if failed else [EndCall(), closed]

    def _stands(self, now_ms: int) -> None:
        self._rest()
        self._live_since_ms = now_ms

    def _rest(self) -> None:
        self._suspected = self._beside = self._waiting = False

    def _given_up(self, cause: str, hint: str, attempt: int, retry_after_s: float | None) -> tuple[str, str] | None:
        """Return why no other dial follows and what helps; None where one does."""
        if self._quick_deaths >= QUICK_DEATHS_MAX:
            text = f"The provider took the call and ended it at once, {self._quick_deaths} times in a row: {cause}"
            return text, hint or "Press r to try again."
        if retry_after_s is not None and retry_after_s > LONGEST_WAIT_S:
            return asks_to_wait(cause, retry_after_s)
        if 0 < self._policy.attempts < attempt:
            return after_attempts(cause, attempt - 1), hint
        return None

    def _asked_too_long(self, now_ms: int) -> tuple[str, str] | None:
        """The call that stood beside a dial is over: return why no dial follows soon; None where one does."""
        left_s = (self._due_ms - now_ms) / 1000
        too_long = self._beside and self._waiting and left_s > LONGEST_WAIT_S
        return asks_to_wait(self._asked_cause, left_s) if too_long else None

    def _fail(self, step: Step, now_ms: int, cause: str, hint: str) -> Outcome:
        was_live = self._state is Connection.LIVE
        self._take(step)
        self._rest()
        self._quick_deaths = 0
        ended: Outcome = [EndCall()] if was_live else []
        return [*ended, StreamFailed(self._stream, now_ms, cause, hint)]

    def _left_to_beside(self, now_ms: int, cause: str, hint: str) -> Outcome:
        """The dial beside the call, or the wait before it, goes on as the stream's own."""
        self._beside = self._suspected = False
        if not self._waiting:
            self._due_ms = now_ms
        reconnecting = self._reconnecting(now_ms, cause, hint)
        if self._waiting:
            return [DropCall(), reconnecting]
        return [DropCall(), reconnecting, StreamConnecting(self._stream, now_ms, self._attempt)]

    def _wait_s(self, attempt: int, retry_after_s: float | None, now_ms: int) -> float:
        self._waiting = True
        if retry_after_s:
            delay_s = retry_after_s * (1 + _ASKED_WAIT_SPREAD * self._random())
            self._not_before_ms = now_ms + round(delay_s * 1000)
        else:
            hurry = max(attempt, self._renewals)
            at_once = retry_after_s == 0 and hurry <= 1
            delay_s = 0.0 if at_once else backoff_s(self._policy, hurry, self._random())
            delay_s = max(delay_s, (self._not_before_ms - now_ms) / 1000)
        self._due_ms = now_ms + round(delay_s * 1000)
        return delay_s

    def _reconnecting(self, now_ms: int, cause: str, hint: str) -> StreamReconnecting:
        return StreamReconnecting(self._stream, now_ms, self._attempt, self._due_ms, cause, hint)

    def _dial(self, attempt: int, now_ms: int) -> Outcome:
        self._attempt = attempt
        self._waiting = False
        self._dialled_at_ms = now_ms
        first = self._state is Connection.CONNECTING
        return [StreamConnecting(self._stream, now_ms, attempt), Dial(attempt) if first else _limited(attempt)]

    def _take(self, step: Step) -> None:
        after = TABLE.get((self._state, step))
        if after is None:
            raise ProtocolError(f"A call that is {self._state} has no step {step}.")
        self._state = after

    def _refuse_while_waiting(self, step: Step) -> None:
        if self._waiting and self._state is Connection.RECONNECTING:
            raise ProtocolError(f"A call that waits for its next dial has no step {step}.")
