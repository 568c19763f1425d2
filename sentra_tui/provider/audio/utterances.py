"""Finds what was said in a recording."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from sentra_tui.domain.audio import FRAME_MS, samples_to_ms
from sentra_tui.provider.realtime.turn_detector import TurnDetector
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

_FRAME_BYTES = SPEECH_RATE_HZ * FRAME_MS // 1000 * 2
_PREFIX_FRAMES = 15
"""How much of what was heard before an utterance belongs to it: 0.3 s, as in the realtime sessions."""


@dataclass(frozen=True)
class Utterance:
    """A stretch of speech: 16 kHz mono, s16le, and where it begins."""

    start_ms: int
    pcm: bytes

    @property
    def end_ms(self) -> int:
        """Where it ends."""
        return self.start_ms + samples_to_ms(len(self.pcm) // 2, SPEECH_RATE_HZ)


def utterances(pcm: bytes) -> list[Utterance]:
    """Return the utterances of a recording, 16 kHz mono s16le, in their order; none where nobody speaks."""
    detector = TurnDetector()
    prefix: deque[bytes] = deque(maxlen=_PREFIX_FRAMES)
    found: list[Utterance] = []
    speech: list[bytes] = []
    start_ms = 0
    for place in range(0, len(pcm), _FRAME_BYTES):
        frame = pcm[place : place + _FRAME_BYTES].ljust(_FRAME_BYTES, b"\0")
        turn = detector.feed(frame)
        if turn == "started":
            start_ms = (place // _FRAME_BYTES - len(prefix)) * FRAME_MS
            speech = [*prefix, frame]
            prefix.clear()
        elif speech:
            speech.append(frame)
        else:
            prefix.append(frame)
        if turn == "stopped":
            found.append(Utterance(start_ms, b"".join(speech)))
            speech = []
    return [*found, Utterance(start_ms, b"".join(speech))] if speech else found
