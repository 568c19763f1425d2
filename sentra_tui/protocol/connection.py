"""How a stream's call comes, breaks and comes back: the table of its states, and the wait between dials."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sentra_tui.domain.changes import (
    Change,
    StreamClosed,
    StreamConnected,
    StreamConnecting,
    StreamFailed,
    StreamReconnecting,
)
from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.errors import ProtocolError
from sentra_tui.domain.state import Connection
from sentra_tui.protocol.effects import Dial, Effect, EndCall, WaitThenDial

STABLE_MS = 5_000
"""A call that stayed this long was a good one: the count of attempts begins anew."""

DOUBLINGS_MAX = 30


class Step(StrEnum):
    """What can happen to a call."""

    CONNECT = "connect"
    CONNECTED = "connected"
    REPLACED = "replaced"
    LOST = "lost"
    EXHAUSTED = "exhausted"
    REFUSED = "refused"
    RETRY_DUE = "retry_due"
    RETRY_NOW = "retry_now"
    HANG_UP = "hang_up"


TABLE: dict[tuple[Connection, Step], Connection] = {
    (Connection.OFF, Step.CONNECT): Connection.CONNECTING,
    (Connection.CONNECTING, Step.CONNECTED): Connection.LIVE,
    (Connection.CONNECTING, Step.LOST): Connection.RECONNECTING,
    (Connection.CONNECTING, Step.EXHAUSTED): Connection.FAILED,
    (Connection.CONNECTING, Step.REFUSED): Connection.FAILED,
    (Connection.CONNECTING, Step.HANG_UP): Connection.OFF,
    (Connection.LIVE, Step.REPLACED): Connection.LIVE,
    (Connection.LIVE, Step.LOST): Connection.RECONNECTING,
    (Connection.LIVE, Step.EXHAUSTED): Connection.FAILED,
    (Connection.LIVE, Step.REFUSED): Connection.FAILED,
    (Connection.LIVE, Step.HANG_UP): Connection.OFF,
    (Connection.RECONNECTING, Step.RETRY_DUE): Connection.RECONNECTING,
    (Connection.RECONNECTING, Step.RETRY_NOW): Connection.RECONNECTING,
    (Connection.RECONNECTING, Step.CONNECTED): Connection.LIVE,
    (Connection.RECONNECTING, Step.LOST): Connection.RECONNECTING,
    (Connection.RECONNECTING, Step.EXHAUSTED): Connection.FAILED,
    (Connection.RECONNECTING, Step.REFUSED): Connection.FAILED,
    (Connection.RECONNECTING, Step.HANG_UP): Connection.OFF,
    (Connection.FAILED, Step.CONNECT): Connection.CONNECTING,
    (Connection.FAILED, Step.RETRY_NOW): Connection.CONNECTING,
    (Connection.FAILED, Step.HANG_UP): Connection.OFF,
}
"""Every step that a call can take, and where it leads. A pair that is not here is a mistake of the caller."""


def backoff_s(policy: ReconnectConfig, attempt: int, random: float) -> float:
    """Return the wait before dial number `attempt`: full jitter, `random` (0 to 1) of a doubling, capped span."""
    doublings = min(max(0, attempt - 1), DOUBLINGS_MAX)
    return random * min(policy.cap_s, policy.base_s * 2.0**doublings)


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
        self._live_since_ms = 0

    @property
    def state(self) -> Connection:
        """Where the call stands."""
        return self._state

    def connect(self, now_ms: int) -> list[Change | Effect]:
        """The user wants the call."""
        self._take(Step.CONNECT)
        return self._dial(1, now_ms)

    def connected(self, now_ms: int, transport: str, dial_ms: float, detour: str = "") -> list[Change | Effect]:
        """The dial came through; `detour` says why not by a better road."""
        self._refuse_while_waiting(Step.CONNECTED)
        self._take(Step.CONNECTED)
        self._live_since_ms = now_ms
        return [StreamConnected(self._stream, now_ms, transport, dial_ms, detour)]

    def replaced(self, now_ms: int, transport: str, detour: str = "") -> list[Change | Effect]:
        """Another call, which stands already, took the place of the one that stood."""
        self._take(Step.REPLACED)
        self._live_since_ms = now_ms
        return [StreamConnected(self._stream, now_ms, transport, detour=detour)]

    def lost(
        self, now_ms: int, cause: str, hint: str = "", retry_after_s: float | None = None
    ) -> list[Change | Effect]:
        """The call, or the dial, broke; `retry_after_s` is the wait that the server asked for."""
        self._refuse_while_waiting(Step.LOST)
        was_live = self._state is Connection.LIVE
        stable = was_live and now_ms - self._live_since_ms >= STABLE_MS
        attempt = 1 if stable else self._attempt + 1
        exhausted = 0 < self._policy.attempts < attempt
        self._take(Step.EXHAUSTED if exhausted else Step.LOST)
        ended: list[Change | Effect] = [EndCall()] if was_live else []
        if exhausted:
            return [*ended, StreamFailed(self._stream, now_ms, _given_up(cause, attempt - 1), hint)]
        self._attempt = attempt
        self._waiting = True
        delay_s = max(backoff_s(self._policy, attempt, self._random()), retry_after_s or 0.0)
        retry_at_ms = now_ms + round(delay_s * 1000)
        reconnecting = StreamReconnecting(self._stream, now_ms, attempt, retry_at_ms, cause, hint)
        return [*ended, reconnecting, WaitThenDial(delay_s)]

    def refused(self, now_ms: int, cause: str, hint: str = "") -> list[Change | Effect]:
        """The peer said no."""
        self._refuse_while_waiting(Step.REFUSED)
        was_live = self._state is Connection.LIVE
        self._take(Step.REFUSED)
        ended: list[Change | Effect] = [EndCall()] if was_live else []
        return [*ended, StreamFailed(self._stream, now_ms, cause, hint)]

    def retry_due(self, now_ms: int) -> list[Change | Effect]:
        """The wait is over; nothing to do where the dial is under way already."""
        self._take(Step.RETRY_DUE)
        return self._dial(self._attempt, now_ms) if self._waiting else []

    def retry_now(self, now_ms: int) -> list[Change | Effect]:
        """The user will not wait: dial at once, and count anew."""
        failed = self._state is Connection.FAILED
        self._take(Step.RETRY_NOW)
        return self._dial(1, now_ms) if failed or self._waiting else []

    def hang_up(self, now_ms: int) -> list[Change | Effect]:
        """The user wants no call."""
        failed = self._state is Connection.FAILED
        self._take(Step.HANG_UP)
        self._waiting = False
        closed = StreamClosed(self._stream, now_ms)
        return [closed] if failed else [EndCall(), closed]

    def _dial(self, attempt: int, now_ms: int) -> list[Change | Effect]:
        self._attempt = attempt
        self._waiting = False
        return [StreamConnecting(self._stream, now_ms, attempt), Dial(attempt)]

    def _take(self, step: Step) -> None:
        after = TABLE.get((self._state, step))
        if after is None:
            raise ProtocolError(f"A call that is {self._state} has no step {step}.")
        self._state = after

    def _refuse_while_waiting(self, step: Step) -> None:
        if self._waiting and self._state is Connection.RECONNECTING:
            raise ProtocolError(f"A call that waits for its next dial has no step {step}.")


def _given_up(cause: str, attempts: int) -> str:
    return f"{cause} (gave up after {attempts} attempt{'' if attempts == 1 else 's'})"
