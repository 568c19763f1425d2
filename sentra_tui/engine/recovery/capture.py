"""Where each captured frame stands on the engine's clock, and each frame that a session got."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from sentra_tui.domain.audio import FRAME_MS

STALL_MS = 200
"""A source that is so late has stalled: what comes next was not said right after what came before."""


class CaptureClock:
    """Gives frames their positions: multiples of 20 ms that only grow, in step with the engine's clock."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._end_ms = 0

    @property
    def next_ms(self) -> int:
        """The position of the next frame, if it came now."""
        now_ms = self._now_ms()
        return now_ms - now_ms % FRAME_MS if now_ms - self._end_ms > STALL_MS else self._end_ms

    def take(self) -> int:
        """Return the position of the frame that came."""
        start_ms = self.next_ms
        self._end_ms = start_ms + FRAME_MS
        return start_ms

    def skip(self, until_ms: int) -> None:
        """Give no position before this one."""
        self._end_ms = max(self._end_ms, until_ms)


class SentSound:
    """Where the sound of one session was captured: its server counts the frames that it got, from 0."""

    def __init__(self, number: int, began_ms: int) -> None:
        self.number = number
        """The session's, which is when it began on the engine's clock."""
        self._count = 0
        self._end_ms = began_ms
        self._indices = [0]
        self._positions = [began_ms]

    def sent(self, start_ms: int) -> None:
        """The next frame that it got was this one."""
        if start_ms != self._end_ms:
            if self._count == 0:
                self._positions[0] = start_ms
            else:
                self._indices.append(self._count)
                self._positions.append(start_ms)
        self._count += 1
        self._end_ms = start_ms + FRAME_MS

    def position_of_frame(self, index: int) -> int:
        """Return where this frame was captured."""
        at = bisect_right(self._indices, index) - 1
        return self._positions[at] + (index - self._indices[at]) * FRAME_MS

    def position_of(self, line_ms: int) -> int:
        """Return where that was captured which lines of the session place at this moment of the engine's clock."""
        sound_ms = max(0, line_ms - self.number)
        index = min(sound_ms // FRAME_MS, self._count)
        return min(self.position_of_frame(index) + (sound_ms - index * FRAME_MS), self._end_ms)
