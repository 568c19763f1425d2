"""One dial by several roads: which is tried, when, and which is taken.

The best road begins, and the next one beside it when the first is stuck for a while, as in Happy Eyeballs (RFC 8305).
A road that comes a stage further is not stuck: the while begins anew, so that a slow machine, or a slow answer to an
offer, is not taken for a network without UDP. HTTP mode, which always works where requests do, begins only when the
others are out. What stands in the way of every road to the same host ends the dial at once. Nothing is heard before a
road is taken, and then of that one alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TypeAlias

from msgspec import Struct

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import ANOTHER_ROAD_MAY_DO, WORDS, Reason, Road, Stage

_BY_OFFER = (Road.WEBRTC, Road.TURN)
_STUCK = {Stage.ANSWERED: Reason.UDP_BLOCKED, Stage.OPEN: Reason.OVERTAKEN}
"""Why a call that was stuck did not stand before it was overtaken, by how far it had come."""


class Try(Struct, frozen=True):
    """Dial by this road, beside those that are under way."""

    road: Road


class Take(Struct, frozen=True):
    """The call goes by this road: give the others up."""

    road: Road
    detour: str
    """Why not by a better one, a few words; empty where it is the best."""


class GiveUp(Struct, frozen=True):
    """There is no call: give all roads up."""

    error: TransportError


Step: TypeAlias = Try | Take | GiveUp


class Patience(Struct, frozen=True):
    """How long a road may be stuck before the next one begins beside it, in milliseconds."""

    head_start_ms: int
    """At any stage, but for:"""
    unanswered_ms: int
    """An offer that is not answered, from the moment that the provider was first asked."""


class _Progress(Struct, frozen=True):
    stage: Stage
    since_ms: int


class RoadRace:
    """Decides one dial. `roads` are those that lead there, best first; `known` why some of them are not tried.

    Every method takes what happened and returns what to do; times are milliseconds of any clock.
    """

    def __init__(self, roads: Sequence[Road], patience: Patience, known: Mapping[Road, Reason] | None = None) -> None:
        self._roads = tuple(roads)
        self._waiting = [road for road in roads if road not in (known or {})]
        self._patience = patience
        self._known = dict(known or {})
        self._trying: dict[Road, _Progress] = {}
        self._asked_ms: int | None = None
        self._errors: dict[Road, TransportError] = {}
        self._overtaken: dict[Road, Reason] = {}
        self._over = False

    @property
    def due_ms(self) -> int | None:
        """When `tick` is wanted next: all roads that are under way are stuck then. None is not at all."""
        waits = any(progress.stage is Stage.BEGUN for progress in self._trying.values())
        if self._over or waits or not self._may_begin():
            return None
        return max((self._stuck_ms(road, progress) for road, progress in self._trying.items()), default=None)

    @property
    def reasons(self) -> dict[Road, Reason]:
        """Why each road that was tried came to nothing, or was overtaken by one that is not as good.

        Where another call to the same host stands, what keeps one over WebRTC is the way of its sound.
        """
        return {road: error.reason for road, error in self._errors.items()} | self._overtaken

    def begin(self, now_ms: int) -> list[Step]:
        """Begin."""
        return self._next(now_ms)

    def tick(self, now_ms: int) -> list[Step]:
        """Let time pass."""
        due_ms = self.due_ms
        return self._next(now_ms) if due_ms is not None and now_ms >= due_ms else []

    def progressed(self, road: Road, stage: Stage, now_ms: int) -> None:
        """This road has come so far; what it has behind it may be told again.

        Until it says that the provider is asked, no other begins beside it: all would wait for the same.
        """
        before = self._trying.get(road)
        if self._over or before is None or stage <= before.stage:
            return
        self._trying[road] = _Progress(stage, now_ms)
        if self._asked_ms is None:
            self._asked_ms = now_ms

    def connected(self, road: Road, now_ms: int) -> list[Step]:
        """This road stands. Nothing follows where another was taken already."""
        if self._over:
            return []
        self._end()
        before = takewhile(lambda each: each[0] is not road, self._trying.items())
        self._overtaken = {each: self._held_up(each, progress, now_ms) for each, progress in before}
        return [Take(road, self._detour(road))]

    def failed(self, road: Road, error: TransportError, now_ms: int) -> list[Step]:
        """This road came to nothing."""
        if self._over:
            return []
        del self._trying[road]
        self._errors[road] = error
        if error.reason not in ANOTHER_ROAD_MAY_DO or _is_ours_to_mend(error):
            self._end()
            return [GiveUp(error)]
        if error.reason is Reason.MODEL_REFUSED:
            self._waiting = [each for each in self._waiting if each is Road.HTTP]
        steps = self._next(now_ms)
        if steps or self._trying:
            return steps
        self._end()
        return [GiveUp(self._outcome())]

    def _next(self, now_ms: int) -> list[Step]:
        """Try the next road, if it may begin now."""
        if not self._may_begin():
            return []
        road = self._waiting.pop(0)
        self._trying[road] = _Progress(Stage.BEGUN, now_ms)
        return [Try(road)]

    def _may_begin(self) -> bool:
        """Return whether there is a road left; the last resort begins when nothing else is under way."""
        return bool(self._waiting) and (self._waiting[0] is not Road.HTTP or not self._trying)

    def _stuck_ms(self, road: Road, progress: _Progress) -> int:
        """Return from when on this road is stuck."""
        stuck_ms = progress.since_ms + self._patience.head_start_ms
        if self._asked_ms is not None and progress.stage is Stage.ASKED and road in _BY_OFFER:
            return max(stuck_ms, self._asked_ms + self._patience.unanswered_ms)
        return stuck_ms

    def _held_up(self, road: Road, progress: _Progress, now_ms: int) -> Reason:
        """Return why this road does not stand yet: one that is not stuck is only slower."""
        stuck = now_ms >= self._stuck_ms(road, progress)
        return _STUCK.get(progress.stage, Reason.SILENT) if stuck else Reason.OVERTAKEN

    def _end(self) -> None:
        self._over = True

    def _detour(self, taken: Road) -> str:
        """Say why not the best road: the first one that is known not to do, failed, or was overtaken on its way."""
        reasons = self._known | self.reasons
        for road in self._roads[: self._roads.index(taken)]:
            if road in reasons:
                return f"{road.value}: {WORDS[reasons[road]]}"
        return ""

    def _outcome(self) -> TransportError:
        """Return the error of a dial whose every road came to nothing."""
        errors = list(self._errors.values())
        if len(errors) == 1:
            return errors[0]
        what = "; ".join(f"{road.value}: {WORDS[error.reason]}" for road, error in self._errors.items())
        hint = next((error.hint for error in errors if error.hint), "")
        lost = [error for error in errors if isinstance(error, TransportLost)]
        if not lost:
            return TransportRefused(f"No road leads there ({what}).", hint=hint, reason=errors[-1].reason)
        waits = [error.retry_after_s for error in lost if error.retry_after_s is not None]
        return TransportLost(
            f"No road leads there ({what}).",
            hint=hint,
            retry_after_s=max(waits, default=None),
            reason=lost[-1].reason,
        )


def _is_ours_to_mend(error: TransportError) -> bool:
    """Return whether the server did not like what it was shown or asked for: every road shows and asks the same."""
    if isinstance(error, CredentialRefused):
        return True
    param = error.param if isinstance(error, TransportRefused) else ""
    return "voice" in param or (bool(param) and error.reason is Reason.OTHER)
