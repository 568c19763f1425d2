"""What the sound in a WAV file is made of, and that sound as samples of one channel.

Sources: "Multimedia Programming Interface and Data Specifications 1.0" (WAVE) and Microsoft's `WAVEFORMATEXTENSIBLE`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sentra_tui.domain.audio import FULL_SCALE
from sentra_tui.domain.errors import SourceError

MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 192_000
MAX_CHANNELS = 64
CONVERT = "Make a WAV file of it, for example with: ffmpeg -i IT -ac 1 -c:a pcm_s16le NEW.wav"

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_CODECS = {
    0x0002: "ADPCM", 0x0006: "A-law", 0x0007: "µ-law", 0x0011: "IMA ADPCM", 0x0031: "GSM 6.10", 0x0050: "MPEG",
    0x0055: "MP3", 0x00FF: "AAC",
}  # fmt: skip

Decoder = Callable[[bytes], "NDArray[np.float32]"]


def _pcm24(data: bytes) -> NDArray[np.float32]:
    triples = np.frombuffer(data, np.uint8).reshape(-1, 3)
    words = np.zeros((len(triples), 4), np.uint8)
    words[:, 1:] = triples
    return words.view("<i4").ravel().astype(np.float32) / np.float32(1 << 16)


def _float(data: bytes, dtype: str) -> NDArray[np.float32]:
    samples = np.nan_to_num(np.frombuffer(data, dtype), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.asarray(samples.clip(-1.0, 1.0) * FULL_SCALE, np.float32)


_DECODERS: dict[tuple[int, int], Decoder] = {
    (_PCM, 1): lambda data: (np.frombuffer(data, np.uint8).astype(np.float32) - 128) * 256,
    (_PCM, 2): lambda data: np.frombuffer(data, "<i2").astype(np.float32),
    (_PCM, 3): _pcm24,
    (_PCM, 4): lambda data: np.frombuffer(data, "<i4").astype(np.float32) / np.float32(1 << 16),
    (_FLOAT, 4): lambda data: _float(data, "<f4"),
    (_FLOAT, 8): lambda data: _float(data, "<f8"),
}
"""Sample format and width in bytes, to samples of 16-bit size."""


class WavFormat(Struct, frozen=True):
    """What the `fmt ` chunk says."""

    encoding: int
    channels: int
    sample_rate_hz: int
    sample_bytes: int

    @property
    def frame_bytes(self) -> int:
        """The bytes of one sample of all channels."""
        return self.channels * self.sample_bytes


def to_mono(form: WavFormat, data: bytes) -> NDArray[np.int16]:
    """Return whole samples of all channels as samples of one, their average."""
    samples = _DECODERS[form.encoding, form.sample_bytes](data)
    if form.channels > 1:
        samples = samples.reshape(-1, form.channels).mean(axis=1)
    return np.rint(samples).clip(-FULL_SCALE, FULL_SCALE - 1).astype("<i2")


def wav_format(chunk: bytes, name: str) -> WavFormat:
    """Return what a `fmt ` chunk says; `name` is what messages call its file. Raises SourceError."""
    if len(chunk) < 16:
        raise SourceError(f"{name} has a broken header: its format chunk is too short.", hint=CONVERT)
    encoding, channels, rate_hz, _, block_bytes, bits = struct.unpack("<HHIIHH", chunk[:16])
    if encoding == _EXTENSIBLE and len(chunk) >= 40 and chunk[26:40] == _SUBFORMAT_TAIL:
        encoding = int.from_bytes(chunk[24:26], "little")
    sample_bytes = (bits + 7) // 8
    if encoding not in (_PCM, _FLOAT):
        codec = _CODECS.get(encoding, f"codec 0x{encoding:04x}")
        raise SourceError(f"{name} is a WAV file, but compressed ({codec}).", hint=CONVERT)
    if (encoding, sample_bytes) not in _DECODERS:
        raise SourceError(f"{name} has {bits}-bit samples of a kind that is not supported.", hint=CONVERT)
    if not 1 <= channels <= MAX_CHANNELS:
        raise SourceError(f"{name} says that it has {channels} channels.", hint=CONVERT)
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise SourceError(f"{name} is sampled at {rate_hz} Hz; 8,000 to 192,000 can be used.", hint=CONVERT)
    if block_bytes != channels * sample_bytes:
        raise SourceError(f"{name} has a broken header: its block size does not fit its format.", hint=CONVERT)
    return WavFormat(encoding, channels, rate_hz, sample_bytes)
