"""The sound of answers: fetched sentence by sentence, heard one behind the other."""

from __future__ import annotations

import asyncio
from collections import deque

from msgspec import Struct

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_BYTES, samples_to_ms

PREBUFFER_BYTES = 3 * FRAME_BYTES
"""So much of a sentence is waited for before its first frame is given: pieces come unevenly."""


class Taken(Struct, frozen=True):
    """What was asked for, and what it came from."""

    frame: bytes | None
    request_id: str = ""
    played: tuple[str, ...] = ()
    """Those of which all was heard with this."""


class _Track:
    def __init__(self) -> None:
        self.bytes_came = 0
        self.pending = bytearray()
        self.ended = False
        self.begun = False

    def ready(self) -> bool:
        """Return whether there is a frame to give."""
        if self.ended:
            return bool(self.pending)
        return len(self.pending) >= (FRAME_BYTES if self.begun else PREBUFFER_BYTES)

    def take(self) -> bytes:
        """Return the next frame; the last one is filled up with silence."""
        self.begun = True
        frame = bytes(self.pending[:FRAME_BYTES])
        del self.pending[:FRAME_BYTES]
        return frame.ljust(FRAME_BYTES, b"\0")


class Playlist:
    """Holds the sound of requests until it is taken, by the ids of the requests."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self._order: deque[str] = deque()
        self._arrived = asyncio.Event()

    def open(self, request_id: str) -> None:
        """Sound of this request will come; said again, it comes anew."""
        self._tracks.setdefault(request_id, _Track()).ended = False

    def feed(self, request_id: str, sound: bytes) -> int:
        """Take sound; return how much of this request there was until now, in milliseconds."""
        track = self._tracks.get(request_id)
        if track is None:
            return 0
        track.bytes_came += len(sound)
        track.pending += sound
        self._notify(request_id)
        return samples_to_ms(track.bytes_came // SAMPLE_BYTES)

    def end(self, request_id: str) -> None:
        """All sound of this request is there."""
        track = self._tracks.get(request_id)
        if track is not None:
            track.ended = True
            self._notify(request_id)

    def play(self, request_id: str) -> None:
        """Let it be heard, behind what is already; nothing where it was dropped."""
        if request_id in self._tracks and request_id not in self._order:
            self._order.append(request_id)
            self._notify(request_id)

    def drop(self, request_id: str) -> None:
        """Forget it, heard or not."""
        if self._tracks.pop(request_id, None) is not None and request_id in self._order:
            self._order.remove(request_id)

    def take(self) -> Taken:
        """Return the next frame to be heard, if there is one."""
        played = self._pass_over()
        if not self._order or not self._tracks[self._order[0]].ready():
            return Taken(None, played=played)
        request_id = self._order[0]
        frame = self._tracks[request_id].take()
        return Taken(frame, request_id, (*played, *self._pass_over()))

    async def arrives(self) -> None:
        """Return when more sound is there to be taken."""
        self._arrived.clear()
        await self._arrived.wait()

    @property
    def held_ms(self) -> int:
        """How much sound waits to be heard."""
        frames = sum(len(self._tracks[request_id].pending) for request_id in self._order) // FRAME_BYTES
        return frames * FRAME_MS

    def _pass_over(self) -> tuple[str, ...]:
        """Let go of what is heard to its end; return that."""
        played = []
        while self._order and self._tracks[self._order[0]].ended and not self._tracks[self._order[0]].pending:
            played.append(self._order.popleft())
            del self._tracks[played[-1]]
        return tuple(played)

    def _notify(self, request_id: str) -> None:
        if request_id in self._order and self._tracks[request_id].ready():
            self._arrived.set()
