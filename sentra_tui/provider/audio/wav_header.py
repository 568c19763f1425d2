"""The beginning of a WAV file whose end nobody knows yet."""

from __future__ import annotations

import struct

_UNKNOWN = 0xFFFFFFFF
_PCM = 1
_FORMAT_BYTES = 16


def streamed_wav_header(sample_rate_hz: int) -> bytes:
    """Return the header of mono s16le sound that is streamed: its sizes are as large as can be written."""
    form = struct.pack("<HHIIHH", _PCM, 1, sample_rate_hz, sample_rate_hz * 2, 2, 16)
    riff = struct.pack("<4sI4s", b"RIFF", _UNKNOWN, b"WAVE")
    return riff + struct.pack("<4sI", b"fmt ", _FORMAT_BYTES) + form + struct.pack("<4sI", b"data", _UNKNOWN)
