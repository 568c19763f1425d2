"""Sound that must be written down afterwards."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain.transcript import LineKey

RECOVERED = "recovered_"
"""What the ids of lines begin with that no session opened."""

LineOutcome: TypeAlias = Literal["whole", "partial", "failed"]

REACH_MS = 1_000
"""How far around a hole it is looked where the pauses are: the clocks of servers are not ours."""


class HoleLine(Struct, frozen=True):
    """A line that lacks words of a hole. One that is `whole` lacks sound that was lost on the way."""

    key: LineKey
    start_ms: int
    end_ms: int
    outcome: LineOutcome


class Hole(Struct, frozen=True):
    """Sound to be written down; `session` is the number of the session before it, or 0.

    Its edges are exact where a session began, else only as good as the server's clock: then a pause near by is meant.
    """

    start_ms: int
    end_ms: int
    session: int
    lines: tuple[HoleLine, ...] = ()
    reach: tuple[int, int] | None = None
    """How far around it the sound is known; None for no farther than the hole."""
    others: tuple[tuple[int, int], ...] = ()
    """What around it gets its words from elsewhere."""
    cuts: tuple[int, ...] = ()
    """Where exactly something else began, be it in the midst of a word."""

    @property
    def look_from_ms(self) -> int:
        """Where to begin to look for speech."""
        return self.start_ms if self.reach is None else self.reach[0]

    @property
    def look_until_ms(self) -> int:
        """Where to end."""
        return self.end_ms if self.reach is None else self.reach[1]

    def without_end(self, from_ms: int) -> Hole:
        """Return what of it is before this moment, which is in no line of it."""
        end_ms = max(self.start_ms, from_ms)
        lines = tuple(line for line in self.lines if line.start_ms < end_ms)
        others = (*self.others, (end_ms, self.end_ms)) if end_ms < self.end_ms else self.others
        return replace(self, end_ms=end_ms, lines=lines, others=tuple(sorted(others)))
