"""One stream's sound, as the loop sees it: handed over, and asked for."""

from __future__ import annotations

import asyncio
from collections import deque

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.services.spool.spool_thread import News, SpoolThread

PENDING_FRAMES_MAX = 60_000 // FRAME_MS
"""How much waits for a disk that hangs; beyond, the oldest is dropped."""


class StreamSpool:
    """The Spool port, by a thread that does the work for all streams."""

    def __init__(self, thread: SpoolThread, stream: str) -> None:
        self._thread = thread
        self._stream = stream
        self._pending: deque[tuple[int, bytes]] = deque(maxlen=PENDING_FRAMES_MAX)
        self._released_ms = 0
        self._closed = False
        thread.add(stream, self._take)

    def write(self, start_ms: int, frame: bytes) -> None:
        """Keep this frame; see the port."""
        self._pending.append((start_ms, frame))

    def release(self, until_ms: int) -> None:
        """Forget everything before `until_ms`; see the port."""
        if until_ms > self._released_ms:
            self._released_ms = until_ms
            self._thread.wake()

    async def read(self, start_ms: int, end_ms: int) -> list[tuple[int, bytes]]:
        """Return what is kept of this span, of what was written until now; see the port."""
        nothing: list[tuple[int, bytes]] = []
        reading = self._thread.ask(self._stream, lambda store: store.read(start_ms, end_ms), nothing)
        return await asyncio.wrap_future(reading)

    async def inherited(self) -> list[tuple[int, int]]:
        """Return the spans that an engine before this one left; see the port."""
        nothing: list[tuple[int, int]] = []
        asking = self._thread.ask(self._stream, lambda store: store.inherited(), nothing)
        return await asyncio.wrap_future(asking)

    async def close(self, *, keep: bool) -> None:
        """Let go; without `keep`, everything is erased. May be called more than once."""
        if not self._closed:
            self._closed = True
            await asyncio.wrap_future(self._thread.close_stream(self._stream, keep=keep))

    def _take(self) -> News:
        """Return what has come; called in the thread."""
        frames = [self._pending.popleft() for _ in range(len(self._pending))]
        return News(frames, self._released_ms)
