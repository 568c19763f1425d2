"""What happens to the network under all calls, and to the sound that no call took."""

from __future__ import annotations

from typing import Literal

from sentra_tui.domain.changes.base import ChangeBase

NetworkStep = Literal["changed", "down", "up", "slept"]


class NetworkChanged(ChangeBase, frozen=True):
    """An address, a route or a link is another; there is no way out, or one again; the machine slept."""

    at_ms: int
    step: NetworkStep
    detail: str = ""
    """What it was, a few words."""
    slept_ms: int = 0
    """How long the machine slept."""


class StreamSuspected(ChangeBase, frozen=True):
    """The call gives no sign of life, so that another is dialled beside it; or it gives one again."""

    stream: str
    at_ms: int
    suspected: bool
    cause: str = ""


class SessionLimited(ChangeBase, frozen=True):
    """The session of this call ends at `ends_ms` at the latest."""

    stream: str
    at_ms: int
    ends_ms: int


class RecoveryProgressed(ChangeBase, frozen=True):
    """So much sound, in milliseconds, was kept over a break and is not yet written down; 0 when all is."""

    stream: str
    at_ms: int
    left_ms: int
