"""What was heard lately, by its place in the call."""

from __future__ import annotations

from collections import deque

from sentra_tui.domain.audio import FRAME_MS


class Recording:
    """Keeps frames until they are forgotten. Places are milliseconds of the call's sound."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._start_ms = 0

    def add(self, frame: bytes) -> None:
        """Take the next frame."""
        self._frames.append(frame)

    def sound(self, start_ms: int, end_ms: int) -> bytes:
        """Return whole frames that hold this stretch, as far as they are there."""
        first = max(0, (start_ms - self._start_ms) // FRAME_MS)
        last = max(0, -(-(end_ms - self._start_ms) // FRAME_MS))
        return b"".join(frame for place, frame in enumerate(self._frames) if first <= place < last)

    def forget(self, before_ms: int) -> None:
        """Keep nothing that is older."""
        while self._frames and self._start_ms + FRAME_MS <= before_ms:
            self._frames.popleft()
            self._start_ms += FRAME_MS
