"""When a session ends, as the server tells it by its clock, on the clock of the engine."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.changes import SessionLimited

SHORTEST_S, LONGEST_S = 5.0, 25 * 3600.0
"""An end that is nearer or further is none, but a clock that is wrong: the server's, or ours."""


class SessionLimit:
    """Tells once when a session of `stream` ends.

    `wall_s` gives seconds since 1970; without it no end is believed. A clock that is too slow makes an end look later
    than it is: whoever acts on it knows how long sessions may be.
    """

    def __init__(self, stream: str, wall_s: Callable[[], float] | None) -> None:
        self._stream = stream
        self._wall_s = wall_s
        self._known = False

    def told(self, expires_at: float | None, now_ms: int) -> list[SessionLimited]:
        """The server says that it ends then, in seconds since 1970; None or 0 says nothing."""
        if self._known or self._wall_s is None or not expires_at:
            return []
        left_s = expires_at - self._wall_s()
        if not SHORTEST_S <= left_s <= LONGEST_S:
            return []
        self._known = True
        return [SessionLimited(self._stream, now_ms, now_ms + round(left_s * 1000))]
