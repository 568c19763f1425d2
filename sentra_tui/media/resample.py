"""From one sample rate to another, in pieces, without a seam.

PyAV's resampler keeps its filter's state between pieces; linear or per-piece resampling aliases and clicks.
"""

from __future__ import annotations

import av
import numpy as np
from av.audio.resampler import AudioResampler

from sentra_tui.domain.audio import SAMPLE_BYTES

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


class Resampler:
    """Turns s16le sound of `source_hz` and `channels` (interleaved, 1 to 8) into mono s16le of `target_hz`.

    It holds back less than a millisecond. Raises ValueError for rates or channels that cannot be.
    """

    def __init__(self, source_hz: int, target_hz: int, channels: int = 1) -> None:
        if source_hz <= 0 or target_hz <= 0 or channels not in _LAYOUTS:
            raise ValueError(f"cannot resample {channels} channels of {source_hz} Hz to {target_hz} Hz")
        self._source_hz = source_hz
        self._layout = _LAYOUTS[channels]
        self._stride = channels * SAMPLE_BYTES
        self._rest = b""
        self._samples = 0
        self._resampler: AudioResampler | None = None
        if source_hz != target_hz or channels != 1:
            # Floating point out makes the filter work in floating point: 50 dB less noise than 16 bits.
            self._resampler = AudioResampler(format="flt", layout="mono", rate=target_hz)

    def feed(self, pcm: bytes) -> bytes:
        """Return what can be said of the sound so far; a cut-off sample waits for its rest."""
        pcm = self._rest + pcm
        whole = len(pcm) // self._stride * self._stride
        pcm, self._rest = pcm[:whole], pcm[whole:]
        if self._resampler is None or not pcm:
            return pcm
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").reshape(1, -1), format="s16", layout=self._layout)
        frame.sample_rate = self._source_hz
        frame.pts = self._samples
        self._samples += frame.samples
        return _to_s16le(self._resampler.resample(frame))

    def flush(self) -> bytes:
        """Return what was held back; nothing may be fed after it."""
        return b"" if self._resampler is None else _to_s16le(self._resampler.resample(None))


def _to_s16le(frames: list[av.AudioFrame]) -> bytes:
    pieces = (np.clip(np.rint(frame.to_ndarray() * 32_768), -32_768, 32_767) for frame in frames)
    return b"".join(piece.astype("<i2").tobytes() for piece in pieces)
