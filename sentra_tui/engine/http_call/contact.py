"""Whether the other side of a call without a line is still there."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.errors import SentraError, TransportError, TransportLost
from sentra_tui.domain.roads import ANOTHER_ROAD_MAY_DO, Reason

_ANSWERED = ANOTHER_ROAD_MAY_DO | {Reason.TOO_MANY}


def out_of_reach(error: SentraError) -> bool:
    """Return whether a request failed on its way, so that the server may be gone."""
    if not isinstance(error, TransportError):
        return False
    return isinstance(error, TransportLost) or error.reason not in _ANSWERED


class Contact:
    """Counts the requests under way and those that failed. `time_s` is the loop's clock."""

    def __init__(self, time_s: Callable[[], float]) -> None:
        self._failing_since_s: float | None = None
        """When the first of those requests failed that failed one after the other; None while they do not."""
        self._time_s = time_s
        self._heard_at_s = time_s()
        self._under_way = 0

    @property
    def failing(self) -> bool:
        """Whether the last request failed on its way."""
        return self._failing_since_s is not None

    @property
    def failing_s(self) -> float:
        """For how long requests have failed, one after the other."""
        return 0.0 if self._failing_since_s is None else self._time_s() - self._failing_since_s

    @property
    def age_s(self) -> float:
        """How long ago the server was heard; nothing where it is not asked for anything, and did not fail."""
        if self._failing_since_s is None and not self._under_way:
            return 0.0
        return self._time_s() - self._heard_at_s

    def asked(self) -> None:
        """A request goes out."""
        if self._failing_since_s is None and not self._under_way:
            self._heard_at_s = self._time_s()
        self._under_way += 1

    def heard(self) -> None:
        """The server answered."""
        self._heard_at_s = self._time_s()
        self._failing_since_s = None

    def over(self) -> None:
        """A request is over, whichever way."""
        self._under_way -= 1

    def failed(self, error: SentraError) -> None:
        """A request failed."""
        if not out_of_reach(error):
            self.heard()
        elif self._failing_since_s is None:
            self._failing_since_s = self._time_s()
