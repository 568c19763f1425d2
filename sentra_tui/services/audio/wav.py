"""WAV files, as they are found in the wild.

Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE) and Microsoft's
`WAVEFORMATEXTENSIBLE`. Recorders that stream, or died, leave sizes of 0, 0xFFFFFFFF, or more than there is: the sound
then goes on to the end of the file.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line
from sentra_tui.media.wav_format import CONVERT, WavFormat, to_mono, wav_format
from sentra_tui.media.wav_stream import MAX_CHUNKS

_OPEN_SIZE = 0xFFFFFFFF
"""What a writer says that does not know the size."""
_FOREIGN = (
    (b"ID3", 0, "an MP3 file"), (b"\xff\xfb", 0, "an MP3 file"), (b"\xff\xf3", 0, "an MP3 file"),
    (b"OggS", 0, "an Ogg file"), (b"fLaC", 0, "a FLAC file"), (b"ftyp", 4, "an MP4 file"), (b"FORM", 0, "an AIFF file"),
    (b"\x1a\x45\xdf\xa3", 0, "a Matroska file"), (b"RIFX", 0, "a big-endian WAV file"),
    (b"RF64", 0, "an RF64 file, which is for more than 4 GB"),
)  # fmt: skip
_CHOOSE = "Choose another WAV file."


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
                raise SourceError(f"{name} has sound but no format: its header is broken.", hint=CONVERT)
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
            raise SourceError(f"{name} is {what}, not a WAV file.", hint=CONVERT)
    raise SourceError(f"{name} is not a WAV file.", hint=CONVERT)
