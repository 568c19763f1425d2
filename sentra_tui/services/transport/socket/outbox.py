"""What waits to be sent: messages, and our sound as base64 in `input_audio_buffer.append`."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections import deque

import msgspec
from msgspec import Struct

from sentra_tui.domain.audio import FRAME_MS, SAMPLE_RATE_HZ
from sentra_tui.media.resample import Resampler

APPEND_MS = 20
"""How much sound goes into a message: servers want 20 to 100, and whoever waits for more adds that to every answer."""
MAX_SOUND_MS = 10_000
MAX_BYTES = 16_000_000

_APPEND = b'{"type":"input_audio_buffer.append","audio":"%b"}'


class Outbox:
    """Messages and sound in one line, since a turn ends between two pieces of sound.

    Sound goes in as frames of 48 kHz and out at `rate_hz`.
    """

    def __init__(self, rate_hz: int) -> None:
        self._resampler = Resampler(SAMPLE_RATE_HZ, rate_hz)
        self._pcm = b""
        self._pcm_ms = 0
        """The sound that is no message yet."""
        self._line: deque[_Waiting] = deque()
        self._bytes = 0
        self._sound_ms = 0
        self._came = asyncio.Event()

    def put(self, message: str) -> None:
        """Take a message, behind the sound so far; `input_audio_buffer.clear` takes back sound that still waits."""
        kind = type_of(message)
        if kind == "input_audio_buffer.clear":
            self._drop_turn()
        self._append()
        self._add(_Waiting(message.encode(), ends_turn=kind == "input_audio_buffer.commit"))

    def put_audio(self, frame: bytes) -> None:
        """Take a frame."""
        self._pcm += self._resampler.feed(frame)
        self._pcm_ms += FRAME_MS
        if self._pcm_ms >= APPEND_MS:
            self._append()

    async def next(self) -> bytes:
        """Return the next message, UTF-8, as soon as there is one."""
        while not self._line:
            self._came.clear()
            await self._came.wait()
        waiting = self._line.popleft()
        self._bytes -= len(waiting.message)
        self._sound_ms -= waiting.sound_ms
        return waiting.message

    @property
    def overflows(self) -> bool:
        """Whether more waits than a network that works would leave."""
        return self._sound_ms > MAX_SOUND_MS or self._bytes > MAX_BYTES

    def _append(self) -> None:
        if self._pcm:
            self._add(_Waiting(_APPEND % b64encode(self._pcm), self._pcm_ms))
        self._pcm, self._pcm_ms = b"", 0

    def _add(self, waiting: _Waiting) -> None:
        self._line.append(waiting)
        self._bytes += len(waiting.message)
        self._sound_ms += waiting.sound_ms
        self._came.set()

    def _drop_turn(self) -> None:
        """Forget the sound of the turn that was not ended yet."""
        self._pcm, self._pcm_ms = b"", 0
        line, self._line = self._line, deque()
        self._bytes = self._sound_ms = 0
        ended = max((place for place, each in enumerate(line) if each.ends_turn), default=-1)
        for place, each in enumerate(line):
            if place <= ended or not each.sound_ms:
                self._add(each)


class _Waiting(Struct, frozen=True):
    message: bytes
    sound_ms: int = 0
    ends_turn: bool = False


class _Message(Struct, frozen=True):
    type: str = ""


_decoder = msgspec.json.Decoder(_Message)


def type_of(message: str) -> str:
    """Return the type of one of our messages; empty where it has none."""
    try:
        return _decoder.decode(message.encode()).type
    except (msgspec.DecodeError, RecursionError):
        return ""
