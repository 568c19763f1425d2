"""Speech whose every 100 ms is a number, and a server that hears it: what is lost, doubled or out of order shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sentra_tui.domain.audio import FRAME_MS

BLOCK_FRAMES = 5
READ_FRAMES = 4
TURN_END_MS = 500
"""How long a pause ends a turn of the server."""

Frames = list[tuple[int, int]]
"""Position and number of each frame; 0 is silence."""


def words_in(frames: Frames) -> tuple[int, ...]:
    """Return the numbers of which nearly all of a block is there, in order: cut in its middle, no side reads it."""
    heard = Counter(number for _, number in frames if number)
    return tuple(number for number, count in sorted(heard.items()) if count >= READ_FRAMES)


@dataclass
class ServerLine:
    """One turn, as the server knows it."""

    name: str
    start_ms: int
    speech_end_ms: int
    end_ms: int | None = None
    told: bool = False
    settled: bool = False
    frames: Frames = field(default_factory=list)


class HearingServer:
    """The server of one session: finds turns, and knows the numbers of the frames that reached it."""

    def __init__(self, number: int, began_ms: int, prefix_ms: int, ahead_ms: int = 0) -> None:
        """`ahead_ms` is how far its clock is ahead of ours, though nothing is told to lie in what it never got."""
        self.number = number
        self.ahead_ms = ahead_ms
        self.began_ms = began_ms
        self.heard_ms = began_ms
        self.lines: list[ServerLine] = []
        self._prefix_ms = prefix_ms

    def hear(self, position_ms: int, number: int) -> None:
        """Take the next frame; one that was lost on the way sounds like silence."""
        self.heard_ms = position_ms + FRAME_MS
        line = self.lines[-1] if self.lines and self.lines[-1].end_ms is None else None
        if number and line is None:
            before_ms = self.lines[-1].end_ms if self.lines else None
            start_ms = max(position_ms - self._prefix_ms, self.began_ms, before_ms or 0)
            line = ServerLine(f"item_{len(self.lines)}", start_ms, position_ms)
            self.lines.append(line)
        if line is None:
            return
        line.frames.append((position_ms, number))
        if number:
            line.speech_end_ms = self.heard_ms
        elif self.heard_ms - line.speech_end_ms >= TURN_END_MS:
            line.end_ms = self.heard_ms

    def told(self, at_ms: int) -> int:
        """Return what it says of this moment."""
        return max(self.began_ms, at_ms + self.ahead_ms)
