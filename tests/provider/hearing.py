"""What the provider would hear of a recording: Opus both ways, then its turn detection, without waiting."""

from __future__ import annotations

from typing import Any

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.media.opus import OpusDecoder, OpusEncoder
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.realtime.conversation import Conversation
from sentra_tui.provider.realtime.input_audio import InputAudio


class Notes:
    """Takes the sound of each utterance in the place of a transcriber."""

    def __init__(self) -> None:
        self.utterances: list[bytes] = []

    def prepare(self) -> None:
        """There is nothing to load."""

    def begin(self, _item_id: str) -> None:
        self.utterances.append(b"")

    def feed(self, pcm: bytes) -> None:
        self.utterances[-1] += pcm

    def end(self) -> None:
        """The sound is all that is wanted."""


def utterances(pcm: bytes, sample_rate_hz: int, delay_ms: float = 0.0) -> list[bytes]:
    """Return what was taken for turns, 16 kHz mono."""
    resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ)
    sound = bytes(round(delay_ms * 48) * 2) + resampler.feed(pcm) + resampler.flush() + 40 * SILENCE
    notes: Any = Notes()
    conversation = Conversation(_ignore)
    ears = InputAudio(_ignore, conversation, lambda: None, lambda _: None)
    ears.transcriber = notes
    encoder, decoder = OpusEncoder(), OpusDecoder()
    for start in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES):
        ears.hear(decoder.decode(encoder.encode(sound[start : start + FRAME_BYTES])))
    heard: list[bytes] = notes.utterances
    return heard


def _ignore(_kind: str, **_fields: Any) -> None:
    """Nobody listens."""
