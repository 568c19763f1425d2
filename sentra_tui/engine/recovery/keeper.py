"""Keeps one stream's sound until it is words: the newest in memory, what is older on the disk."""

from __future__ import annotations

from collections import deque

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS
from sentra_tui.domain.steady_ports import Spool

Frame = tuple[int, bytes]


class RingKeeper:
    """Holds frames by their positions: the last `memory_ms` in memory, and all that is not released in the spool.

    What is released stays in memory for as long, in case it turns out that it was lost on the way.
    """

    def __init__(self, memory_ms: int, spool: Spool | None) -> None:
        self._ring: deque[Frame] = deque(maxlen=memory_ms // FRAME_MS)
        self._memory_ms = memory_ms
        self._spool = spool
        self._released_ms = 0

    def keep(self, start_ms: int, frame: bytes) -> None:
        """Take the next frame."""
        self._ring.append((start_ms, frame))
        if self._spool is not None:
            self._spool.write(start_ms, frame)

    def release(self, until_ms: int) -> None:
        """Forget everything before; told in any order."""
        if until_ms <= self._released_ms:
            return
        self._released_ms = until_ms
        if self._spool is not None:
            self._spool.release(until_ms)
        while self._ring and self._ring[0][0] < until_ms - self._memory_ms:
            self._ring.popleft()

    async def read(self, start_ms: int, end_ms: int) -> list[Frame]:
        """Return the frames of this span that there are, in order."""
        newest = [*self._ring]  # now: while the disk is read, memory moves on
        memory_from_ms = newest[0][0] if newest else end_ms
        frames: list[Frame] = []
        if self._spool is not None and start_ms < memory_from_ms:
            for position_ms, sound in await self._spool.read(start_ms, min(end_ms, memory_from_ms)):
                frames += _frames(position_ms, sound)
        return [*frames, *((at_ms, frame) for at_ms, frame in newest if start_ms <= at_ms < end_ms)]

    async def inherited(self) -> list[tuple[int, int]]:
        """Return the spans that an engine before this one left."""
        return [] if self._spool is None else await self._spool.inherited()

    async def close(self, *, keep: bool) -> None:
        """Let go."""
        self._ring.clear()
        if self._spool is not None:
            await self._spool.close(keep=keep)


def _frames(position_ms: int, sound: bytes) -> list[Frame]:
    return [
        (position_ms + at // FRAME_BYTES * FRAME_MS, sound[at : at + FRAME_BYTES])
        for at in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES)
    ]
