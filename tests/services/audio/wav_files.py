"""WAV files of every kind, made by the tests."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def chunk(kind: bytes, body: bytes, *, size: int | None = None, pad: bool = True) -> bytes:
    padding = b"\0" if pad and len(body) % 2 else b""
    return kind + struct.pack("<I", len(body) if size is None else size) + body + padding


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def fmt(
    *, encoding: int = PCM, channels: int = 1, rate_hz: int = 16_000, bits: int = 16, extensible: bool = False
) -> bytes:
    block = channels * ((bits + 7) // 8)
    tag = EXTENSIBLE if extensible else encoding
    body = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block, block, bits)
    if extensible:
        body += struct.pack("<HHIH", 22, bits, 0, encoding) + SUBFORMAT_TAIL
    return chunk(b"fmt ", body)


def encode(samples: NDArray[np.float64], encoding: int, bits: int) -> bytes:
    """Return samples of -1 to 1 as they stand in a data chunk."""
    if encoding == FLOAT:
        return bytes(samples.astype(f"<f{bits // 8}").tobytes())
    if bits == 8:
        return bytes((np.rint(samples * 127) + 128).astype(np.uint8).tobytes())
    integers = np.rint(samples * (2 ** (bits - 1) - 1)).astype("<i8")
    return bytes(integers.view(np.uint8).reshape(-1, 8)[:, : bits // 8].tobytes())


def tone(seconds: float = 0.5, rate_hz: int = 16_000, hz: float = 440.0) -> NDArray[np.float64]:
    moments = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.asarray(0.5 * np.sin(2 * np.pi * hz * moments))


def simple(seconds: float = 0.5, rate_hz: int = 16_000) -> bytes:
    return riff(fmt(rate_hz=rate_hz), chunk(b"data", encode(tone(seconds, rate_hz), PCM, 16)))
