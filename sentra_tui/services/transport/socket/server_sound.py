"""The sound in a server's messages, as the client plays it; all else in them is opaque here."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Callable

import msgspec
from msgspec import Struct

from sentra_tui.services.transport.socket.answers import AnswerBuffer

UNHEARD_S = 5.0
"""Sound that nobody asked for in so long was not wanted: voice is off."""
MAX_WAITING_MS = 600_000

_DELTAS = ("response.output_audio.delta", "response.audio.delta")
_DONES = ("response.output_audio.done", "response.audio.done")
"""Each as GA names it, and as the beta did."""
_OUTPUT_BUFFER = "output_audio_buffer."


class ServerSound:
    """Takes sound out of messages and gives it as frames, at the caller's pace.

    `note` gets what the server would say of its output buffer over WebRTC: here it is known who hears what.
    """

    def __init__(self, rate_hz: int, note: Callable[[str], None]) -> None:
        self._answers = AnswerBuffer(rate_hz, lambda turn, response_id: note(_output_buffer(turn, response_id)))
        self._loop = asyncio.get_running_loop()
        self._asked_at_s = self._loop.time()
        self._ready = asyncio.Event()

    def take(self, message: str) -> bool:
        """Take the sound out of `message`, and what it says of sound; return whether nothing else is in it.

        A server that tells of an output buffer of its own is not believed.
        """
        self._drop_unheard()
        try:
            said = _decoder.decode(message)
        except (msgspec.DecodeError, RecursionError):
            return False
        if said.type in _DELTAS:
            self._answers.put(said.response_id or "", _pcm(said.delta or ""))
        elif said.type in _DONES:
            self._answers.end_part(said.response_id or "")
        elif said.type == "response.created":
            self._answers.begin(said.response.id or "")
        elif said.type == "response.done":
            self._answers.end(said.response.id or "")
        if self._answers.ready:
            self._ready.set()
        return said.type in _DELTAS or said.type.startswith(_OUTPUT_BUFFER)

    def pull(self) -> bytes | None:
        """Return the next frame, None while there is none."""
        self._drop_unheard()
        self._asked_at_s = self._loop.time()
        return self._answers.pull()

    async def arrives(self) -> None:
        """Return when there is more to pull."""
        self._ready.clear()
        await self._ready.wait()

    def flush(self) -> None:
        """Forget what is held, and what still comes of the same answers."""
        self._answers.flush()

    @property
    def depth_ms(self) -> float:
        """How much sound waits."""
        return self._answers.depth_ms

    @property
    def overflows(self) -> bool:
        """Whether more sound waits than anybody could want to hear."""
        return self._answers.depth_ms > MAX_WAITING_MS

    def _drop_unheard(self) -> None:
        if self._loop.time() - self._asked_at_s > UNHEARD_S:
            self._answers.flush()


class _Response(Struct, frozen=True):
    id: str | None = None


class _Message(Struct, frozen=True):
    type: str = ""
    response_id: str | None = None
    delta: str | None = None
    response: _Response = _Response()


_decoder = msgspec.json.Decoder(_Message)


def _output_buffer(turn: str, response_id: str) -> str:
    return msgspec.json.encode({"type": _OUTPUT_BUFFER + turn, "response_id": response_id}).decode()


def _pcm(base64: str) -> bytes:
    try:
        return b64decode(base64)
    except (binascii.Error, ValueError):
        return b""
