"""WebRTC's speech detector: 50 kB, a few microseconds for a frame, and easily taken in by a loud keyboard."""

from __future__ import annotations

import numpy as np
import webrtcvad

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from sentra_tui.services.audio.speech.gate import loud_enough

STRICTEST = 3
MILD = 1
HALF_BYTES = FRAME_BYTES // 2


class WebRtcSpeechDetector:
    """A SpeechDetector: WebRTC's, in its strictest mode, or in one that rather takes noise for speech than not."""

    def __init__(self, mode: int = STRICTEST) -> None:
        self._vad = webrtcvad.Vad(mode)

    def hear(self, frame: bytes) -> tuple[bool, bool]:
        """Return whether there is speech in the first and in the second 10 ms of a frame."""
        return self._is_speech(frame[:HALF_BYTES]), self._is_speech(frame[HALF_BYTES:])

    def _is_speech(self, half: bytes) -> bool:
        # It follows the noise around it, so it hears what the gate keeps out, too.
        speech = bool(self._vad.is_speech(half, SAMPLE_RATE_HZ))
        return speech and loud_enough(np.frombuffer(half, "<i2"))
