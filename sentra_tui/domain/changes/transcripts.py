"""What is said."""

from __future__ import annotations

from sentra_tui.domain.changes.base import ChangeBase
from sentra_tui.domain.transcript import LineKey, LineKind


class LineOpened(ChangeBase, frozen=True):
    """Somebody speaks: words for this line may follow.

    It is the last line, unless `after` names the one that it comes behind, or `before` the one that it comes in front
    of.
    """

    stream: str
    key: LineKey
    at_ms: int
    after: LineKey | None = None
    kind: LineKind = "speech"
    before: LineKey | None = None


class TranscriptExtended(ChangeBase, frozen=True):
    """More interim words of a line."""

    stream: str
    key: LineKey
    at_ms: int
    delta: str


class TranscriptRevised(ChangeBase, frozen=True):
    """The interim words of a line are now these."""

    stream: str
    key: LineKey
    at_ms: int
    text: str


class TranscriptCommitted(ChangeBase, frozen=True):
    """The final words of a line. `start_ms` and `end_ms` are milliseconds since the engine started."""

    stream: str
    key: LineKey
    text: str
    start_ms: int
    end_ms: int
    kind: LineKind = "speech"
    partial: bool = False
    """The call ended before all of them came: these are the words until then."""
    recovered: bool = False
    """They were written down later, from sound that was kept: a line that is new stands where its time is."""
    replaces: tuple[LineKey, ...] = ()
    """Lines that are none any more: one phrase was thought to be several, and these words are all of it."""


class TranscriptFailed(ChangeBase, frozen=True):
    """A line stays without words."""

    stream: str
    key: LineKey
    at_ms: int
    cause: str


class LineNoted(ChangeBase, frozen=True):
    """The user wants to find this line again."""

    stream: str
    key: LineKey
    at_ms: int
