"""WAV files, as they are found in the wild.

Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE) and Microsoft's
`WAVEFORMATEXTENSIBLE`. Recorders that stream, or died, leave sizes of 0, 0xFFFFFFFF, or more than there is: the sound
then goes on to the end of the file.
"""

from __future__ import annotations

import io
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sentra_tui.domain.audio import FULL_SCALE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line

MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 192_000
MAX_CHANNELS = 64
MAX_CHUNKS = 1_000

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_OPEN_SIZE = 0xFFFFFFFF
"""What a writer says that does not know the size."""
_CODECS = {
    0x0002: "ADPCM", 0x0006: "A-law", 0x0007: "µ-law", 0x0011: "IMA ADPCM", 0x0031: "GSM 6.10", 0x0050: "MPEG",
    0x0055: "MP3", 0x00FF: "AAC",
}  # fmt: skip
_FOREIGN = (
    (b"ID3", 0, "an MP3 file"), (b"\xff\xfb", 0, "an MP3 file"), (b"\xff\xf3", 0, "an MP3 file"),
    (b"OggS", 0, "an Ogg file"), (b"fLaC", 0, "a FLAC file"), (b"ftyp", 4, "an MP4 file"), (b"FORM", 0, "an AIFF file"),
    (b"\x1a\x45\xdf\xa3", 0, "a Matroska file"), (b"RIFX", 0, "a big-endian WAV file"),
    (b"RF64", 0, "an RF64 file, which is for more than 4 GB"),
)  # fmt: skip
_CONVERT = "Make a WAV file of it, for example with: ffmpeg -i IT -ac 1 -c:a pcm_s16le NEW.wav"
_CHOOSE = "Choose another WAV file."

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


class Recording:
    """A WAV file, opened: read in pieces, so that an hour of sound costs no memory and no pause."""

    def __init__(self, stream: BinaryIO, name: str, form: WavFormat, start: int, frames: int) -> None:
        self._stream = stream
        self._start = start
        self.name = name
        self.form = form
        self.frames = frames
        """The length in samples of one channel."""

    @property
    def sample_rate_hz(self) -> int:
        """The rate of what `read` returns."""
        return self.form.sample_rate_hz

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.frames / self.form.sample_rate_hz

    def read(self, first: int, count: int) -> NDArray[np.int16]:
        """Return up to `count` samples from `first` on, all channels averaged to one; fewer at the end.

        Raises SourceError when the file cannot be read any more.
        """
        size = self.form.frame_bytes
        try:
            self._stream.seek(self._start + first * size)
            data = self._stream.read(max(0, min(count, self.frames - first)) * size)
        except OSError as error:
            raise SourceError(f"{self.name} cannot be read any more: {_reason(error)}.", hint=_CHOOSE) from error
        return to_mono(self.form, data[: len(data) // size * size])

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def read_wav(wav: bytes | Path, name: str = "") -> Recording:
    """Open a WAV file, or one that is already in memory.

    `name` is what messages call it, the file name by default. Raises SourceError.
    """
    if isinstance(wav, bytes):
        return _recording(io.BytesIO(wav), clean_line(name) or "The recording")
    name = clean_line(name or wav.name or str(wav))
    stream = _open(wav, name)
    try:
        return _recording(stream, name)
    except OSError as error:
        stream.close()
        raise SourceError(f"{name} cannot be read: {_reason(error)}.", hint=_CHOOSE) from error
    except SourceError:
        stream.close()
        raise


def _open(path: Path, name: str) -> BinaryIO:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise SourceError(f"{name} is a directory.", hint="Name a WAV file in it.")
        if not stat.S_ISREG(mode):
            raise SourceError(f"{name} is not a regular file.", hint=_CHOOSE)
        return path.open("rb")
    except FileNotFoundError as error:
        raise SourceError(f"{name} does not exist.", hint="Check the path.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{name} cannot be opened: {_reason(error)}.", hint=_CHOOSE) from error


def _reason(error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number).lower() if number else clean_line(str(error))


def _recording(stream: BinaryIO, name: str) -> Recording:
    length = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    header = stream.read(12)
    if header[:4] != b"RIFF" or header[8:] != b"WAVE":
        refuse_foreign(header, name)
    riff_end = 8 + int.from_bytes(header[4:8], "little")
    form: WavFormat | None = None
    for _ in range(MAX_CHUNKS):
        chunk = stream.read(8)
        if len(chunk) < 8:
            break
        kind, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        start = stream.tell()
        if kind == b"data":
            if form is None:
                raise SourceError(f"{name} has sound but no format: its header is broken.", hint=_CONVERT)
            unfinished = riff_end <= start or riff_end == 8 + _OPEN_SIZE
            frames = _data_bytes(size, length - start, unfinished=unfinished) // form.frame_bytes
            if not frames:
                break
            return Recording(stream, name, form, start, frames)
        if kind == b"fmt ":
            form = wav_format(stream.read(min(size, 40)), name)
        _skip(stream, start + size, size)
    raise SourceError(f"{name} has no sound in it.", hint=_CHOOSE)


def _data_bytes(size: int, rest: int, *, unfinished: bool) -> int:
    unset = size == _OPEN_SIZE or (size == 0 and unfinished)
    return rest if unset else min(size, rest)


def _skip(stream: BinaryIO, end: int, size: int) -> None:
    """Go to the next chunk: an odd one is padded with a zero, which some writers forget."""
    stream.seek(end)
    if size % 2 and stream.read(1) not in (b"\0", b""):
        stream.seek(end)


def refuse_foreign(header: bytes, name: str) -> NoReturn:
    """Say what begins with these 12 bytes instead of being a WAV file: raises SourceError."""
    if not header:
        raise SourceError(f"{name} is empty.", hint=_CHOOSE)
    for magic, offset, what in _FOREIGN:
        if header[offset : offset + len(magic)] == magic:
            raise SourceError(f"{name} is {what}, not a WAV file.", hint=_CONVERT)
    raise SourceError(f"{name} is not a WAV file.", hint=_CONVERT)


def wav_format(chunk: bytes, name: str) -> WavFormat:
    """Return what a `fmt ` chunk says; `name` is what messages call its file. Raises SourceError."""
    if len(chunk) < 16:
        raise SourceError(f"{name} has a broken header: its format chunk is too short.", hint=_CONVERT)
    encoding, channels, rate_hz, _, block_bytes, bits = struct.unpack("<HHIIHH", chunk[:16])
    if encoding == _EXTENSIBLE and len(chunk) >= 40 and chunk[26:40] == _SUBFORMAT_TAIL:
        encoding = int.from_bytes(chunk[24:26], "little")
    sample_bytes = (bits + 7) // 8
    if encoding not in (_PCM, _FLOAT):
        codec = _CODECS.get(encoding, f"codec 0x{encoding:04x}")
        raise SourceError(f"{name} is a WAV file, but compressed ({codec}).", hint=_CONVERT)
    if (encoding, sample_bytes) not in _DECODERS:
        raise SourceError(f"{name} has {bits}-bit samples of a kind that is not supported.", hint=_CONVERT)
    if not 1 <= channels <= MAX_CHANNELS:
        raise SourceError(f"{name} says that it has {channels} channels.", hint=_CONVERT)
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise SourceError(f"{name} is sampled at {rate_hz} Hz; 8,000 to 192,000 can be used.", hint=_CONVERT)
    if block_bytes != channels * sample_bytes:
        raise SourceError(f"{name} has a broken header: its block size does not fit its format.", hint=_CONVERT)
    return WavFormat(encoding, channels, rate_hz, sample_bytes)
