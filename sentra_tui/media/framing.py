"""Sound on a pipe between two machines: frames that are found again whatever stands between them.

A pipe through ssh may begin with what a login script prints, and ends anywhere. Each frame therefore begins with a mark
that is in no UTF-8 text, and says how long it is; what is no frame is passed over. All numbers are big-endian:

    bytes  what
    4      mark: F5 53 4E 54
    1      version: 1
    1      kind: 1 sound, 2 report, 3 flush, 4 heard
    1      length of the stream's name, 1 to 32
    1      reserved: 0
    2      length of the payload, at most 4,096
    4      sequence number, of the stream and kind, wraps
    4      time when the payload was taken, in ms on the sender's clock, wraps
    …      the stream's name, ASCII
    …      the payload

Payloads: of sound, one Opus packet (RFC 6716, 20 ms, mono); of a report, JSON; of flush, nothing; of heard, the
milliseconds that the loudspeaker has played (8 bytes) and whether it sounds (1 byte).
"""

from __future__ import annotations

import struct
from enum import IntEnum

from msgspec import Struct

MARK = b"\xf5SNT"
VERSION = 1
NAME_BYTES_MAX = 32
PAYLOAD_BYTES_MAX = 4_096

_HEADER = struct.Struct(">4sBBBBHII")
_WRAP = 0xFFFFFFFF


class FrameKind(IntEnum):
    """What a frame carries."""

    SOUND = 1
    REPORT = 2
    FLUSH = 3
    """Forget the sound that is not played yet."""
    HEARD = 4


class Frame(Struct, frozen=True):
    """One frame; `sequence` and `timestamp_ms` are 32 bits that wrap."""

    kind: FrameKind
    stream: str
    sequence: int = 0
    timestamp_ms: int = 0
    payload: bytes = b""


def pack(frame: Frame) -> bytes:
    """Return a frame as bytes; raises ValueError for one that is too long, or a name that is not ASCII."""
    name = frame.stream.encode("ascii")
    if not 1 <= len(name) <= NAME_BYTES_MAX or len(frame.payload) > PAYLOAD_BYTES_MAX:
        raise ValueError(f"a frame of {frame.stream!r} with {len(frame.payload)} bytes is too long")
    numbers = (frame.sequence & _WRAP, frame.timestamp_ms & _WRAP)
    return _HEADER.pack(MARK, VERSION, frame.kind, len(name), 0, len(frame.payload), *numbers) + name + frame.payload


class FrameReader:
    """Finds the frames in bytes, however these are cut. Frames of unknown kinds are passed over."""

    def __init__(self) -> None:
        self.foreign_version: int | None = None
        """The version of frames that cannot be understood, where there was one."""
        self._pending = b""

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that these bytes complete."""
        pending, place = self._pending + data, 0
        frames = []
        while (begin := pending.find(MARK, place)) >= 0:
            place = begin
            if len(pending) - place < _HEADER.size:
                break
            length = self._length(pending, place)
            if length is None:
                place += len(MARK)
            elif len(pending) - place < length:
                break
            else:
                frame = _unpack(pending[place : place + length])
                place += length
                if frame is not None:
                    frames.append(frame)
        else:
            place = max(place, len(pending) + 1 - len(MARK))
        self._pending = pending[place:]
        return frames

    def _length(self, pending: bytes, place: int) -> int | None:
        """Return the length of the frame at this place, None where it is none of ours."""
        _, version, _, name_bytes, reserved, payload_bytes, _, _ = _HEADER.unpack_from(pending, place)
        if version != VERSION:
            self.foreign_version = version
            return None
        if reserved or not 1 <= name_bytes <= NAME_BYTES_MAX or payload_bytes > PAYLOAD_BYTES_MAX:
            return None
        return _HEADER.size + int(name_bytes) + int(payload_bytes)


def _unpack(data: bytes) -> Frame | None:
    _, _, kind, name_bytes, _, _, sequence, timestamp_ms = _HEADER.unpack_from(data)
    payload_at = _HEADER.size + name_bytes
    try:
        name = data[_HEADER.size : payload_at].decode("ascii")
        return Frame(FrameKind(kind), name, sequence, timestamp_ms, data[payload_at:])
    except ValueError:
        return None
