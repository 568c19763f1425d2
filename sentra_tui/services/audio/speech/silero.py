"""Silero's speech detector: a small network, for rooms with loud keyboards.

It needs onnxruntime and the model file out of the package silero-vad, whose other dependencies (PyTorch) are not
needed: `pip install 'sentra-tui[silero]'` and `pip install --no-deps silero-vad`. https://github.com/snakers4/silero-vad
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sentra_tui.domain.audio import FULL_SCALE, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.media.resample import Resampler
from sentra_tui.services.audio.speech.gate import loud_enough

RATE_HZ = 16_000
WINDOW_SAMPLES = 512
CONTEXT_SAMPLES = 64
THRESHOLD = 0.5

PACKAGE = "silero-vad"
MODEL = "silero_vad.onnx"
HINT = "Install it: pip install onnxruntime; pip install --no-deps silero-vad."

Probability: TypeAlias = Callable[[NDArray[np.float32]], float]
"""Gives how likely there is speech in a window: 512 samples of 16 kHz, -1 to 1, each behind the one before."""


class SileroSpeechDetector:
    """A SpeechDetector that asks a network: what it said of one window of 32 ms holds until the next is full."""

    def __init__(self, probability: Probability) -> None:
        self._probability = probability
        self._resampler = Resampler(SAMPLE_RATE_HZ, RATE_HZ)
        self._waiting = b""
        self._speech = False

    def hear(self, frame: bytes) -> tuple[bool, bool]:
        """Return whether there is speech in the first and in the second 10 ms of a frame."""
        before = self._speech
        self._waiting += self._resampler.feed(frame)
        window_bytes = WINDOW_SAMPLES * 2
        while len(self._waiting) >= window_bytes:
            samples = np.frombuffer(self._waiting[:window_bytes], "<i2")
            self._waiting = self._waiting[window_bytes:]
            window = samples.astype(np.float32) / np.float32(FULL_SCALE)
            self._speech = self._probability(window) >= THRESHOLD and loud_enough(samples)
        return before, self._speech


class SileroModel:
    """The network, which remembers what it heard before."""

    def __init__(self) -> None:
        """Load it; raises SourceError where the library or the model is missing."""
        path = _model_path()
        try:
            import onnxruntime
        except ImportError as error:
            raise SourceError("The speech detector silero needs the library onnxruntime.", hint=HINT) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._rate = np.array(RATE_HZ, dtype=np.int64)
        self._state = np.zeros((2, 1, 128), dtype=np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, dtype=np.float32)

    def __call__(self, window: NDArray[np.float32]) -> float:
        """Return how likely there is speech in the next window."""
        sound = np.concatenate([self._context, window])[np.newaxis, :]
        likely, self._state = self._session.run(None, {"input": sound, "state": self._state, "sr": self._rate})
        self._context = window[-CONTEXT_SAMPLES:]
        return float(likely[0, 0])


def _model_path() -> Path:
    try:
        found = [file for file in files(PACKAGE) or [] if file.name == MODEL]
    except PackageNotFoundError as error:
        raise SourceError(f"The speech detector silero needs the package {PACKAGE}.", hint=HINT) from error
    if not found:
        raise SourceError(f"The package {PACKAGE} has no file {MODEL}.", hint=HINT)
    return Path(str(found[0].locate()))
