"""What it takes to keep a call over breaks of the network, and the words of those breaks, as the bare nouns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sentra_tui.domain.changes.network import NetworkStep


class NetworkWatch(Protocol):
    """Notices at once what happens to the network under all calls, and that the machine slept."""

    async def watch(self, on_step: Callable[[NetworkStep, str, int], None]) -> None:
        """Call `on_step` with what happened, a few words about it, and the milliseconds slept, until cancelled."""
        ...


class Beacon(Protocol):
    """Tells whether the provider's host can be reached at all; asks for nothing, and shows no key."""

    async def reaches(self) -> bool:
        """Try once, for no longer than a second."""
        ...


class Spool(Protocol):
    """Keeps one stream's sound on the disk until it is words, so that another engine may have it written down.

    Positions are milliseconds on the engine's clock, multiples of 20. Nothing here blocks the caller's loop: work is
    done elsewhere, in order. Sound is kept at 16 kHz.
    """

    def write(self, start_ms: int, frame: bytes) -> None:
        """Keep this frame; positions only grow, and may jump. Beyond the limit the oldest is dropped."""
        ...

    def release(self, until_ms: int) -> None:
        """Forget everything before `until_ms`: it became words, or is not wanted."""
        ...

    async def read(self, start_ms: int, end_ms: int) -> list[tuple[int, bytes]]:
        """Return what is kept of this span: pieces of whole frames (48 kHz), each with its position, in order."""
        ...

    async def inherited(self) -> list[tuple[int, int]]:
        """Return the spans that an engine before this one left, start and end; empty where it left none."""
        ...

    async def close(self, *, keep: bool) -> None:
        """Let go; without `keep`, everything is erased."""
        ...
