"""Where speech begins and ends, from a detector's word on each 10 ms.

Five of six steps begin it, so that a click does not; a pause ends it, so that a breath does not.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

STEP_MS = 10
WINDOW_STEPS = 6
START_STEPS = 5
PAUSE_MS = 700

SpeechEdge = Literal["began", "ended"]


class Speech:
    """Follows one stream's speech. `pause_ms` is how much silence ends it."""

    def __init__(self, pause_ms: int = PAUSE_MS) -> None:
        self.on = False
        self.silent_ms = 0
        """How long there was no speech."""
        self._pause_ms = pause_ms
        self._recent: deque[bool] = deque(maxlen=WINDOW_STEPS)

    def hear(self, speech: bool) -> SpeechEdge | None:
        """Take the next 10 ms: whether they look like speech; return what began or ended with them."""
        self._recent.append(speech)
        self.silent_ms = 0 if speech else self.silent_ms + STEP_MS
        if self.on and self.silent_ms >= self._pause_ms:
            self.reset()
            return "ended"
        if not self.on and sum(self._recent) >= START_STEPS:
            self.on = True
            return "began"
        return None

    def reset(self) -> None:
        """Take it that nobody speaks."""
        self.on = False
        self.silent_ms = 0
        self._recent.clear()
