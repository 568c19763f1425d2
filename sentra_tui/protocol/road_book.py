"""What is known of the roads to one provider: which did not do lately, and when each is worth another try."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from sentra_tui.domain.roads import Reason, Road

LONGEST = 10
"""A road that goes on failing is tried again after at most so many times the first wait."""

_PASSING = frozenset(
    {
        Reason.UDP_BLOCKED,
        Reason.TURN_REFUSED,
        Reason.SERVER_ERROR,
        Reason.SILENT,
        Reason.OVERTAKEN,
        Reason.LOSSY,
        Reason.OTHER,
    }
)
"""What may be otherwise after a while; a server that does not offer a road does not begin to."""


class _Failure(Struct, frozen=True):
    reason: Reason
    until_ms: int | None
    """When it is worth another try; None is not before somebody asks for it."""
    times: int


class RoadBook:
    """Remembers failures of all streams of one provider; `probe_ms` is the first wait, 0 waits for ever."""

    def __init__(self, probe_ms: int) -> None:
        self._probe_ms = probe_ms
        self._failures: dict[Road, _Failure] = {}
        self._lossy: dict[Road, int] = {}
        """How often each road was left for its losses, which a dial that comes through says nothing of."""

    def failed(self, road: Road, reason: Reason, now_ms: int) -> None:
        """This road did not do."""
        before = self._failures.get(road)
        if before is not None and before.until_ms is not None and now_ms < before.until_ms:
            return
        times = 1 if before is None else before.times + 1
        if reason is Reason.LOSSY:
            times = self._lossy[road] = self._lossy.get(road, 0) + 1
        wait_ms = self._probe_ms * min(2 ** (times - 1), LONGEST)
        until_ms = now_ms + wait_ms if wait_ms and reason in _PASSING else None
        self._failures[road] = _Failure(reason, until_ms, times)

    def worked(self, road: Road) -> None:
        """This road does."""
        self._failures.pop(road, None)

    def forget(self) -> None:
        """The user, or the network, says that all may be otherwise."""
        self._failures.clear()
        self._lossy.clear()

    def open(self, roads: Sequence[Road], now_ms: int) -> list[Road]:
        """Return those of `roads` that are worth a dial now, in their order; all of them where none is."""
        worth = [road for road in roads if self._worth(road, now_ms)]
        return worth or list(roads)

    def known(self, roads: Sequence[Road]) -> dict[Road, Reason]:
        """Return why each of `roads` did not do lately."""
        return {road: self._failures[road].reason for road in roads if road in self._failures}

    def better(self, roads: Sequence[Road], taken: Road) -> tuple[Road, int] | None:
        """Return which of `roads` before `taken` is to be tried next, and when; None where none is."""
        before = roads[: roads.index(taken)] if taken in roads else ()
        due = [(self._due_ms(road), rank, road) for rank, road in enumerate(before)]
        soonest = min((each for each in due if each[0] is not None), default=None)
        return None if soonest is None else (soonest[2], soonest[0] or 0)

    def _due_ms(self, road: Road) -> int | None:
        failure = self._failures.get(road)
        return 0 if failure is None else failure.until_ms

    def _worth(self, road: Road, now_ms: int) -> bool:
        due_ms = self._due_ms(road)
        return due_ms is not None and now_ms >= due_ms
