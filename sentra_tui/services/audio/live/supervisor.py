"""The machine that keeps a stream on its source: it decides, others act.

It knows no clock and does no I/O. It is asked again after each step that was taken, at each change of the sound
server, and at least every quarter of a second.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from sentra_tui.domain.sound import Trouble
from sentra_tui.services.audio.live.snapshot import PulseSource, Snapshot
from sentra_tui.services.audio.live.target import CHOOSE, Missing, Target, find

STALL_S = 0.5
SUSPENDED_S = 0.2
REOPEN_S = 3.0
"""How long a stream may give nothing before it is opened anew."""
VERIFY_S = 2.0
"""How long a new stream may take to appear on the sound server."""
HEALTHY_S = 5.0
"""After that long without trouble the next attempt is an early one again."""
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 2.0
_RETRY_FACTOR = 1.7
SERVER_GONE = "The sound server stopped; its sound is taken again when it is back."


class Action(Enum):
    """What is to be done."""

    WAIT = "wait"
    OPEN = "open"
    CLOSE = "close"


class Stream(Struct, frozen=True):
    """A stream that is open, as its owner sees it. Times are of one monotonic clock, in seconds."""

    token: str
    source: PulseSource
    """What it was opened on."""
    opened_at: float
    heard_at: float | None = None
    """When its last block came."""
    ended: str = ""
    """Why it ended by itself."""


class Step(Struct, frozen=True):
    """What is to be done, and what is to be told."""

    action: Action
    source: PulseSource | None = None
    """What to open."""
    passes: bool = False
    """What the stream gives is what was asked for: the sound server said so."""
    trouble: Trouble = Trouble.NONE
    advice: str = ""
    label: str = ""
    wait_s: float | None = None
    """When to ask again at the latest, where that is known."""


class Supervisor:
    """Keeps one stream on the source that a target is."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._wanted: int | None = None
        self._trouble = Trouble.NONE
        self._advice = ""
        self._label = ""
        self._retry_at = float("-inf")
        self._retry_s = FIRST_RETRY_S
        self._verified = ""
        """The token of the stream that was seen on the right source."""
        self._verified_at = float("-inf")
        self._healthy_since: float | None = None
        self._suspended_at = float("-inf")

    def failed(self, trouble: Trouble, advice: str, now: float) -> None:
        """Take note that a stream did not open, or did not last."""
        self._trouble, self._advice = trouble, advice
        self._healthy_since = None
        self._retry_at = now + self._retry_s
        self._retry_s = min(self._retry_s * _RETRY_FACTOR, LAST_RETRY_S)

    def step(self, snapshot: Snapshot | None, stream: Stream | None, now: float) -> Step:
        """Return what to do next; `stream` is the one that is open, whatever became of it."""
        if snapshot is None:
            return self._gone(SERVER_GONE, stream)
        found = find(self._target, snapshot)
        if isinstance(found, Missing):
            return self._gone(f"{self._label} is gone. {found.advice}" if self._label else found.advice, stream)
        if found.source.index != self._wanted:
            self._wanted = found.source.index
            self._retry_at, self._retry_s = now, FIRST_RETRY_S
        self._label = found.label
        if stream is None:
            if now >= self._retry_at:
                return self._do(Action.OPEN, source=found.source)
            return self._do(Action.WAIT, wait_s=self._retry_at - now)
        if stream.source.index != found.source.index:
            return self._do(Action.CLOSE)
        if stream.ended:
            self.failed(Trouble.GONE, f"{stream.ended} {CHOOSE}", now)
            return self._do(Action.CLOSE)
        return self._verify(snapshot, stream, found.source, now)

    def _gone(self, advice: str, stream: Stream | None) -> Step:
        self._trouble, self._advice = Trouble.GONE, advice
        self._wanted = None
        return self._do(Action.WAIT if stream is None else Action.CLOSE)

    def _verify(self, snapshot: Snapshot, stream: Stream, wanted: PulseSource, now: float) -> Step:
        carried = snapshot.stream(stream.token)
        on = snapshot.source_at(carried.source) if carried is not None else None
        if on is None:
            return self._await_source(stream, shown=carried is not None, now=now)
        if on.index != wanted.index:
            self.failed(Trouble.MOVED, f"The sound server gave {on.description} instead; nothing of that is used.", now)
            return self._do(Action.CLOSE)
        self._verified, self._verified_at = stream.token, now
        return self._listen(stream, wanted, now)

    def _await_source(self, stream: Stream, *, shown: bool, now: float) -> Step:
        """Wait for a stream to be shown on a source: a new one is not at once, and PipeWire has some on none."""
        if self._verified != stream.token:
            patient = now - stream.opened_at < VERIFY_S
        else:
            patient = shown and now - self._verified_at < STALL_S
        if patient:
            return self._do(Action.WAIT)
        self.failed(Trouble.GONE, "The sound server dropped it; it is opened again.", now)
        return self._do(Action.CLOSE)

    def _listen(self, stream: Stream, wanted: PulseSource, now: float) -> Step:
        quiet_s = now - (stream.opened_at if stream.heard_at is None else stream.heard_at)
        if wanted.suspended:
            self._suspended_at = now
        if wanted.suspended and quiet_s > SUSPENDED_S:
            self._stall("is suspended by the sound server")
        elif quiet_s > STALL_S and now - self._suspended_at > STALL_S:
            self._stall("is there and gives nothing")
            if quiet_s > REOPEN_S:
                self.failed(self._trouble, self._advice, now)
                return self._do(Action.CLOSE)
        elif quiet_s <= STALL_S and stream.heard_at is not None:
            self._recover(now)
        return self._do(Action.WAIT, passes=True)

    def _stall(self, state: str) -> None:
        self._trouble, self._advice = Trouble.STALLED, f"The device {state}. {CHOOSE}"
        self._healthy_since = None

    def _recover(self, now: float) -> None:
        self._trouble, self._advice = Trouble.NONE, ""
        if self._healthy_since is None:
            self._healthy_since = now
        if now - self._healthy_since >= HEALTHY_S:
            self._retry_s = FIRST_RETRY_S

    def _do(
        self, action: Action, *, source: PulseSource | None = None, passes: bool = False, wait_s: float | None = None
    ) -> Step:
        return Step(action, source, passes, self._trouble, self._advice, self._label, wait_s)
