"""A recording as it is uploaded: a small WAV file."""

from __future__ import annotations

import asyncio
import struct

from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.media.resample import Resampler

RATE_HZ = 16_000
"""What recognisers work at."""
HEADER_BYTES = 44
FILE_NAME = "speech.wav"
"""Servers tell the format by the end of the name."""
_SLICE_BYTES = SAMPLE_RATE_HZ * SAMPLE_BYTES


async def wav_of(sound: bytes) -> bytes:
    """Return a WAV file of 48 kHz mono s16le, made in slices that do not hold the loop up."""
    resampler = Resampler(SAMPLE_RATE_HZ, RATE_HZ)
    pcm = bytearray()
    for start in range(0, len(sound), _SLICE_BYTES):
        pcm += resampler.feed(sound[start : start + _SLICE_BYTES])
        await asyncio.sleep(0)
    pcm += resampler.flush()
    return _header(len(pcm)) + pcm


def _header(pcm_bytes: int) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, RATE_HZ, RATE_HZ * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES)
    riff = struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - 8 + pcm_bytes, b"WAVE")
    return riff + struct.pack("<4sI", b"fmt ", len(form)) + form + struct.pack("<4sI", b"data", pcm_bytes)
