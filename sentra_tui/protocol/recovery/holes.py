"""Sound that must be written down afterwards."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from sentra_tui.domain.transcript import LineKey

RECOVERED = "recovered_"
"""What the ids of lines begin with that no session opened."""

LineOutcome: TypeAlias = Literal["whole", "partial", "failed"]


class HoleLine(Struct, frozen=True):
    """A line that lacks words of a hole. One that is `whole` lacks sound that was lost on the way."""

    key: LineKey
    start_ms: int
    end_ms: int
    outcome: LineOutcome


class Hole(Struct, frozen=True):
    """Sound to be written down; `session` is the number of the session before it, or 0."""

    start_ms: int
    end_ms: int
    session: int
    lines: tuple[HoleLine, ...] = ()
