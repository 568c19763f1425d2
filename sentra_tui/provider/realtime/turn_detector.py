"""Where speech starts and stops: webrtcvad in its strictest mode, behind a level gate.

Five of six voiced frames start a turn, so that a click does not; so much silence as the session asks for ends it.
Frames are 20 ms of 16 kHz mono, s16le.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

import numpy as np
import webrtcvad

from sentra_tui.domain.audio import FRAME_MS, dbfs
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

GATE_DBFS = -45.0
"""Quieter frames are no speech, whatever their spectrum says."""

_STRICTEST = 3
_WINDOW_FRAMES = 6
_START_FRAMES = 5

Turn = Literal["started", "stopped"]


class TurnDetector:
    """Tells the starts and stops of speech apart from pauses."""

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(_STRICTEST)
        self._recent: deque[bool] = deque(maxlen=_WINDOW_FRAMES)
        self._silent_ms = 0
        self.speaking = False
        self.silence_ms = 500
        """How long a pause ends a turn."""

    def feed(self, frame: bytes | None) -> Turn | None:
        """Take one frame, or None where there was none; return what changed."""
        voiced = frame is not None and self._voiced(frame)
        self._recent.append(voiced)
        if self.speaking:
            self._silent_ms = 0 if voiced else self._silent_ms + FRAME_MS
            if self._silent_ms >= self.silence_ms:
                self.reset()
                return "stopped"
        elif sum(self._recent) >= _START_FRAMES:
            self.speaking = True
            self._silent_ms = 0
            return "started"
        return None

    def reset(self) -> None:
        """Begin again, in silence."""
        self.speaking = False
        self._recent.clear()
        self._silent_ms = 0

    def _voiced(self, frame: bytes) -> bool:
        samples = np.frombuffer(frame, "<i2").astype(np.float32)
        if dbfs(float(np.sqrt(np.dot(samples, samples) / samples.size))) < GATE_DBFS:
            return False
        return bool(self._vad.is_speech(frame, SPEECH_RATE_HZ))
