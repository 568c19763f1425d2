"""When the next session of a stream is dialled, and when it takes over, before the one that stands reaches its end.

A session may last an hour at most (`session.expires_at`), and then ends in the middle of a word. So the next one is
dialled beside it at a share of its length, and takes over at the first pause in the talk. The nearer the end, the less
of a pause will do: first a moment without sound, at last any moment.

Streams take turns: `RolloverBook` gives each a latest moment of its own, and keeps the others away from it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.protocol.connection import backoff_s

HUSH_MS = 60_000
"""So long before the end a moment without sound is pause enough."""
HUSH_SHARE = 0.1
"""The same, of the length of a short session."""
FORCE_MS = 10_000
"""So long before the end any moment will do."""
FORCE_SHARE = 0.03
APART_MS = 60_000
"""Two streams take over at least so long after one another."""
APART_SHARE = 0.05


class RolloverStep(StrEnum):
    """What to do now."""

    DIAL = "dial"
    TAKE = "take"
    GIVE_UP = "give_up"
    """The session ends, and no other stands: what comes is a break like any other."""


class Slot(Struct, frozen=True):
    """One session of one stream, and the latest moment at which the next one is meant to take its place."""

    start_ms: int
    ends_ms: int
    latest_ms: int

    @property
    def length_ms(self) -> int:
        """How long the session lasts."""
        return self.ends_ms - self.start_ms

    @property
    def apart_ms(self) -> int:
        """How far its end is kept from that of other sessions."""
        return round(min(APART_MS, self.length_ms * APART_SHARE))

    @property
    def force_ms(self) -> int:
        """From here on any moment will do, whatever other streams do."""
        return self.ends_ms - round(min(FORCE_MS, self.length_ms * FORCE_SHARE))

    @property
    def hush_ms(self) -> int:
        """From here on a moment without sound will do."""
        return self.latest_ms - round(min(HUSH_MS, self.length_ms * HUSH_SHARE))

    def opens_ms(self, share: float) -> int:
        """Return when the next session is dialled: at this share of the length, early enough to find a hush."""
        hush_ms = round(min(HUSH_MS, self.length_ms * HUSH_SHARE))
        at_share_ms = self.start_ms + round(self.length_ms * share) - (self.force_ms - self.latest_ms)
        return min(at_share_ms, self.hush_ms - hush_ms)


class RolloverBook:
    """Keeps the takeovers of all streams apart; shared by them."""

    def __init__(self) -> None:
        self._slots: dict[str, Slot] = {}
        self._taken: dict[str, Slot] = {}
        """The sessions that were replaced last; `latest_ms` is when."""

    def reserve(self, stream: str, start_ms: int, ends_ms: int) -> Slot:
        """Return the slot of a session: at its end, or earlier where another stream has that moment."""
        slot = Slot(start_ms, ends_ms, ends_ms)
        latest_ms = slot.force_ms
        others = [other for name, other in self._slots.items() if name != stream]
        for other in sorted(others, key=lambda other: other.latest_ms, reverse=True):
            if abs(latest_ms - other.latest_ms) < _apart_ms(slot, other):
                latest_ms = other.latest_ms - _apart_ms(slot, other)
        crowded = latest_ms < start_ms + slot.length_ms // 2
        slot = Slot(start_ms, ends_ms, slot.force_ms if crowded else latest_ms)
        self._slots[stream] = slot
        return slot

    def release(self, stream: str) -> None:
        """The stream's session is gone."""
        self._slots.pop(stream, None)

    def took(self, stream: str, now_ms: int) -> None:
        """The stream's next session took over."""
        slot = self._slots.pop(stream, None)
        if slot is not None:
            self._taken[stream] = Slot(slot.start_ms, slot.ends_ms, now_ms)

    def allows(self, stream: str, now_ms: int) -> bool:
        """Return whether this stream may take over now: no other just did, or is about to have to."""
        own = self._slots.get(stream)
        if own is None:
            return True
        for name, other in self._taken.items():
            if name != stream and now_ms - other.latest_ms < _apart_ms(own, other):
                return False
        if now_ms >= own.latest_ms:
            return True
        for name, other in self._slots.items():
            if name != stream and other.latest_ms - _apart_ms(own, other) < now_ms < other.ends_ms:
                return False
        return True


class Rollover:
    """The sessions of one stream, one after the other. `random` gives numbers from 0 up to 1."""

    def __init__(self, stream: str, policy: ReconnectConfig, book: RolloverBook, random: Callable[[], float]) -> None:
        self._stream = stream
        self._policy = policy
        self._book = book
        self._random = random
        self._slot: Slot | None = None
        self._asked = False
        """A dial was asked for, and is under way or stands unless it failed."""
        self._failures = 0
        self._due_ms = 0

    @property
    def slot(self) -> Slot | None:
        """The session that stands, where its end is known."""
        return self._slot

    def limited(self, start_ms: int, ends_ms: int) -> None:
        """A session stands since `start_ms` that ends at `ends_ms`; told again, the newer end holds."""
        self._slot = self._book.reserve(self._stream, start_ms, max(ends_ms, start_ms + 1))
        self._due_ms = self._slot.opens_ms(self._policy.rollover)

    def ended(self) -> None:
        """The stream has no session any more, or one whose end is not known."""
        self._slot = None
        self._begin_anew()
        self._book.release(self._stream)

    def tick(self, now_ms: int, *, dialling: bool, stands: bool, quiet: bool, speaking: bool) -> RolloverStep | None:
        """Let time pass.

        The next session is `dialling` or `stands`; `quiet` says that the talk pauses, `speaking` that something sounds
        or is being answered.
        """
        slot = self._slot
        if slot is None:
            return None
        if now_ms >= slot.ends_ms and not stands:
            self.ended()
            return RolloverStep.GIVE_UP
        if not stands:
            return None if dialling else self._dial(now_ms)
        pause = _is_pause(slot, now_ms, quiet=quiet, speaking=speaking)
        may = now_ms >= slot.opens_ms(self._policy.rollover) and pause and self._book.allows(self._stream, now_ms)
        if not may and now_ms < slot.force_ms:
            return None
        self._slot = None
        self._begin_anew()
        self._book.took(self._stream, now_ms)
        return RolloverStep.TAKE

    def _dial(self, now_ms: int) -> RolloverStep | None:
        if self._asked:
            self._asked = False
            self._failures += 1
            self._due_ms = now_ms + round(backoff_s(self._policy, self._failures, self._random()) * 1000)
        if now_ms < self._due_ms:
            return None
        self._asked = True
        return RolloverStep.DIAL

    def _begin_anew(self) -> None:
        self._asked = False
        self._failures = 0


def _is_pause(slot: Slot, now_ms: int, *, quiet: bool, speaking: bool) -> bool:
    """Return whether this is pause enough, so late: who just began to speak has no line yet, but is heard."""
    if now_ms < slot.hush_ms:
        return quiet and not speaking
    return quiet or not speaking or now_ms >= slot.latest_ms


def _apart_ms(one: Slot, other: Slot) -> int:
    return min(one.apart_ms, other.apart_ms)
