"""When the sessions of a stream began, be it in the midst of a phrase."""

from __future__ import annotations

from collections.abc import Sequence

from sentra_tui.protocol.recovery import margins

Span = tuple[int, int]


class Sessions:
    """When they began, with their numbers. Where one did so in the midst of a phrase, there is a seam.

    What no session took of that phrase goes with the first line of the session behind the seam.
    """

    def __init__(self) -> None:
        self._sessions: list[tuple[int, int]] = []
        self._seams: set[int] = set()

    def add(self, began_ms: int, number: int) -> None:
        """The next one began."""
        self._sessions.append((began_ms, number))

    def forget(self, before_ms: int) -> None:
        """Let go of sessions that were over before."""
        while len(self._sessions) > 1 and self._sessions[1][0] < before_ms:
            self._seams.discard(self._sessions.pop(0)[0])

    def number_before(self, at_ms: int) -> int:
        """Return which one was the last to begin by then; 0 for none."""
        return next((number for began_ms, number in reversed(self._sessions) if began_ms <= at_ms), 0)

    def number_at(self, at_ms: int) -> int | None:
        """Return which one began exactly then."""
        return next((number for began_ms, number in self._sessions if began_ms == at_ms), None)

    def add_seam(self, began_ms: int) -> None:
        """The session that began here did so in the midst of a phrase."""
        self._seams.add(began_ms)

    def is_seam(self, began_ms: int) -> bool:
        """Return whether a session began here in the midst of a phrase."""
        return began_ms in self._seams

    def start_of_line(self, start_ms: int, began_ms: int) -> int:
        """Return where a line begins, in a session that began then: what begins soon after a seam begins at it."""
        is_near = start_ms <= began_ms + margins.SEAM_MS + margins.SLACK_MS
        return began_ms if is_near and began_ms in self._seams else max(start_ms, began_ms)

    @property
    def beginnings(self) -> list[int]:
        """When each began."""
        return [began_ms for began_ms, _ in self._sessions]

    def joined(self, closed: Sequence[Span], claims: Sequence[Span], began_ms: int | None) -> list[Span]:
        """Return both, in order; over the seam where the session that stands began, in one.

        `closed` lies before it, `claims` after. What ends at the seam is held back until what is behind it is claimed.
        """
        if began_ms not in self._seams or not closed or closed[-1][1] != began_ms:
            return sorted([*closed, *claims])
        over = [end_ms for start_ms, end_ms in claims if start_ms == began_ms]
        rest = [claim for claim in claims if claim[0] != began_ms]
        return [*closed[:-1], *((closed[-1][0], end_ms) for end_ms in over), *sorted(rest)]
