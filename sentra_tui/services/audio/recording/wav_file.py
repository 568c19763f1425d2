"""A WAV file that can be played at any moment, however its writer ends.

Its header is written first and says after every append how much there is, so that even readers that believe it to the
letter (the standard library's, for one) find all of the sound. Format: "Multimedia Programming Interface and Data
Specifications 1.0" (RIFF, WAVE).
"""

from __future__ import annotations

import os
import struct

from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.services.audio.recording.sound_file import write_all

HEADER_BYTES = 44
MAX_DATA_BYTES = 0xFFFFFFFF - HEADER_BYTES - SAMPLE_RATE_HZ * SAMPLE_BYTES
"""What the header's 32 bits can count, a second less: twelve hours."""

_PCM = 1
_MONO = 1
_RIFF_SIZE_AT = 4
_DATA_SIZE_AT = 40


class WavFile:
    """A SoundFile on an open descriptor, which it owns. Raises OSError."""

    def __init__(self, descriptor: int, *, max_data_bytes: int = MAX_DATA_BYTES) -> None:
        self._descriptor = descriptor
        self._max_data_bytes = max_data_bytes
        self._data_bytes = 0
        try:
            write_all(descriptor, _header())
        except OSError:
            os.close(descriptor)
            raise

    def append(self, sound: bytes) -> None:
        """Write sound, then say in the header that it is there."""
        write_all(self._descriptor, sound)
        self._data_bytes += len(sound)
        self._tell_sizes()

    def is_full(self) -> bool:
        """Return whether the header can count no more."""
        return self._data_bytes >= self._max_data_bytes

    def finish(self) -> None:
        """Count what is really there, part of a last append too, and close the file."""
        try:
            written = os.lseek(self._descriptor, 0, os.SEEK_END) - HEADER_BYTES
            self._data_bytes = max(0, written) // SAMPLE_BYTES * SAMPLE_BYTES
            self._tell_sizes()
        finally:
            os.close(self._descriptor)

    def _tell_sizes(self) -> None:
        for place, size in (
            (_DATA_SIZE_AT, self._data_bytes),
            (_RIFF_SIZE_AT, self._data_bytes + HEADER_BYTES - 8),
        ):
            os.lseek(self._descriptor, place, os.SEEK_SET)
            write_all(self._descriptor, struct.pack("<I", size))
        os.lseek(self._descriptor, 0, os.SEEK_END)


def _header() -> bytes:
    """Return the header of an empty file."""
    bytes_per_s = SAMPLE_RATE_HZ * SAMPLE_BYTES
    form = struct.pack("<HHIIHH", _PCM, _MONO, SAMPLE_RATE_HZ, bytes_per_s, SAMPLE_BYTES, 8 * SAMPLE_BYTES)
    riff_size = struct.pack("<I", HEADER_BYTES - 8)
    return b"RIFF" + riff_size + b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + bytes(4)
