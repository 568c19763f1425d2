"""Recognition by a Whisper model of the user's own, through faster-whisper (an extra)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

HYPOTHESIS_EVERY_S = 1.0
"""How much new sound a hypothesis must bring: each one decodes the utterance from its beginning."""
_LONGEST_HYPOTHESIS_S = 15.0
_MODEL_FILE = "model.bin"


def check_model(directory: Path) -> None:
    """Raise ProviderError when the library is not installed or the directory holds no model."""
    try:
        import faster_whisper  # noqa: F401
    except ImportError as error:
        raise ProviderError(
            "A Whisper model needs the library faster-whisper, which is not installed.",
            hint="Install the extra: pip install 'sentra-tui[whisper]'.",
        ) from error
    if not (directory / _MODEL_FILE).is_file():
        raise ProviderError(
            f"The directory {directory.name} holds no Whisper model: {_MODEL_FILE} is missing.",
            hint="Give the directory of a model converted for CTranslate2.",
        )


class WhisperEngine:
    """A Whisper model on the processor, in 8-bit integers."""

    def __init__(self, directory: Path) -> None:
        """Load the model; raises ProviderError."""
        check_model(directory)
        from faster_whisper import WhisperModel

        try:
            self._model: Any = WhisperModel(str(directory), device="cpu", compute_type="int8")
        except (RuntimeError, ValueError, OSError) as error:
            raise ProviderError(f"The Whisper model cannot be loaded: {error}.") from error
        self._pcm = bytearray()
        self._hypothesis = ""
        self._hypothesis_s = 0.0

    def begin(self, *, guesses: bool = True) -> None:
        """Begin an utterance."""
        self._pcm.clear()
        self._hypothesis = ""
        self._hypothesis_s = 0.0

    def feed(self, pcm: bytes) -> None:
        """Take more sound."""
        self._pcm += pcm

    def hypothesis(self) -> str:
        """Return the words so far; decoded anew about once a second, and not for very long utterances."""
        length_s = len(self._pcm) / 2 / SPEECH_RATE_HZ
        if length_s - self._hypothesis_s >= HYPOTHESIS_EVERY_S and length_s <= _LONGEST_HYPOTHESIS_S:
            self._hypothesis = self._transcribe(beam_size=1)
            self._hypothesis_s = length_s
        return self._hypothesis

    def finish(self) -> str:
        """Return the words."""
        return self._transcribe(beam_size=5)

    def _transcribe(self, beam_size: int) -> str:
        samples = np.frombuffer(bytes(self._pcm), "<i2").astype(np.float32) / 32_768
        segments, _ = self._model.transcribe(samples, beam_size=beam_size, condition_on_previous_text=False)
        return " ".join(segment.text.strip() for segment in segments)
