"""Whether a call still lives, judged by the age of what was heard, and of what shows that it hears us.

Transports report ages; nothing here has a clock. Asked a few times a second, a silent path is suspected after
`ReconnectConfig.suspect_s`, early enough to dial another beside it, and given up after `dead_s`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sentra_tui.domain.config import ReconnectConfig

ANSWER_EXTRA_MS = 500
"""How much longer an answer may take than any sign of life: it goes two ways."""
TCP_EXTRA_MS = 1_000
"""How much longer a call over TCP may be silent: one packet that is lost holds up all that come after it, pongs, too.

At 5 % loss and 200 ms of jitter pongs are late by two seconds several times an hour, whatever the pace of pings."""
PROOF_MS = 1_000
"""How long a call has to prove itself once the network is another."""
STALL_MS = 1_000
"""When nobody asked for longer than this, we stood still ourselves: what is old then says nothing of the peer."""
GRACE_MS = 1_000
"""How long the peer has, after we stood still, to be heard again."""


class Pulse(StrEnum):
    """What is thought of a call."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    DEAD = "dead"


@dataclass(frozen=True)
class Verdict:
    """What is thought of a call, and why: `cause` is empty while it lives."""

    pulse: Pulse
    cause: str = ""
    silent_ms: int = 0
    """The age of the sign of life that was judged by."""


class Liveness:
    """Judges one call after another; `began` starts anew. Times are milliseconds on any steady clock."""

    def __init__(self, policy: ReconnectConfig) -> None:
        self._suspect_ms = round(policy.suspect_s * 1000)
        self._dead_ms = round(policy.dead_s * 1000)
        self._heard = _Silence(self._suspect_ms, self._dead_ms)
        self._answered = _Silence(self._suspect_ms + ANSWER_EXTRA_MS, self._dead_ms)
        self._asked_ms: int | None = None
        self._shake: _Shake | None = None

    def began(self, now_ms: int, *, over_tcp: bool = False) -> None:
        """A call stands from now on; `over_tcp` says that its sound and its answers share one TCP connection."""
        extra_ms = TCP_EXTRA_MS if over_tcp else 0
        self._heard.begin(now_ms, self._suspect_ms + extra_ms)
        self._answered.begin(now_ms, self._suspect_ms + max(extra_ms, ANSWER_EXTRA_MS))
        self._asked_ms = now_ms
        self._shake = None

    def shaken(self, now_ms: int, cause: str) -> None:
        """The network is another, in the words of `cause`: only what is heard from now on shows that the call lives.

        Where answers are known, it takes an answer: sound may still come by a way on which nothing goes back.
        """
        due_ms = now_ms + PROOF_MS if self._shake is None else self._shake.due_ms
        self._shake = _Shake(now_ms, due_ms, cause)

    def observe(self, now_ms: int, heard_age_s: float, answer_age_s: float | None) -> Verdict:
        """Return what to think of the call, from how long ago it was heard, and how long ago it answered.

        `answer_age_s` is None where nothing tells.
        """
        if self._asked_ms is None:
            self.began(now_ms)
        elif now_ms - self._asked_ms > STALL_MS:
            self._excuse(now_ms)
        self._asked_ms = now_ms
        self._heard.observe(now_ms, heard_age_s)
        self._answered.observe(now_ms, 0.0 if answer_age_s is None else answer_age_s)
        proof_age_s = heard_age_s if answer_age_s is None else answer_age_s
        if self._shake is not None and now_ms - proof_age_s * 1000 > self._shake.at_ms:
            self._shake = None
        return self._judge(now_ms)

    def _excuse(self, now_ms: int) -> None:
        self._heard.excuse(now_ms)
        self._answered.excuse(now_ms)
        if self._shake is not None:
            self._shake = _Shake(self._shake.at_ms, max(self._shake.due_ms, now_ms + GRACE_MS), self._shake.cause)

    def _judge(self, now_ms: int) -> Verdict:
        heard, answered = self._heard, self._answered
        longest = max(heard.ms, answered.ms)
        pulse = Pulse.DEAD if longest >= self._dead_ms else Pulse.SUSPECT
        if self._shake is not None and now_ms >= self._shake.due_ms:
            return Verdict(pulse, self._shake.told, longest)
        if heard.too_long:
            return Verdict(pulse, f"Nothing came from the provider for {heard.ms / 1000:.1f} s.", heard.ms)
        if answered.too_long:
            cause = f"What we send does not arrive: no answer for {answered.ms / 1000:.1f} s."
            return Verdict(pulse, cause, answered.ms)
        return Verdict(Pulse.ALIVE, silent_ms=heard.ms)


@dataclass(frozen=True)
class _Shake:
    """A change of the network that the call has not outlived yet."""

    at_ms: int
    due_ms: int
    cause: str

    @property
    def told(self) -> str:
        return f"{self.cause.rstrip('. ') or 'The network changed'}: no sign of life since."


class _Silence:
    """How long one kind of sign has not come, not counting what we could not have noticed."""

    def __init__(self, limit_ms: int, dead_ms: int) -> None:
        self._limit_ms = min(limit_ms, dead_ms)
        self._dead_ms = dead_ms
        self._since_ms = 0
        self.ms = 0

    @property
    def too_long(self) -> bool:
        return self.ms >= self._limit_ms

    def begin(self, now_ms: int, limit_ms: int) -> None:
        self._limit_ms = min(limit_ms, self._dead_ms)
        self._since_ms = now_ms
        self.ms = 0

    def excuse(self, now_ms: int) -> None:
        """We stood still: have the limit that comes next lie no nearer than the grace."""
        next_ms = self._dead_ms if self.too_long else self._limit_ms
        counted_ms = max(0, next_ms - GRACE_MS)
        if self.too_long:
            counted_ms = min(counted_ms, self.ms)
        self._since_ms = max(self._since_ms, now_ms - counted_ms)

    def observe(self, now_ms: int, age_s: float) -> None:
        self.ms = max(0, min(round(age_s * 1000), now_ms - self._since_ms))
