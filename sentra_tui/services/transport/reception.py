"""What is heard of a peer: its sound, and when it was last heard at all."""

from __future__ import annotations

import asyncio

from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.playout import PlayoutBuffer


class Reception:
    """Takes a peer's packets as they arrive, and gives frames at the caller's pace."""

    def __init__(self) -> None:
        self.playout = PlayoutBuffer(OpusDecoder())
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._ssrc: int | None = None
        self._heard_at_s = self._loop.time()

    def take(self, sequence: int, ssrc: int, payload: bytes) -> None:
        """Take a packet; another SSRC begins another stream of them."""
        self.heard()
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self.playout.reset()
        self.playout.put(sequence, payload, self._heard_at_s * 1000)
        self._arrived.set()

    def heard(self) -> None:
        """Note that the peer is there."""
        self._heard_at_s = self._loop.time()

    def age_s(self) -> float:
        """Return how long ago the peer was last heard, in seconds."""
        return self._loop.time() - self._heard_at_s

    async def arrives(self) -> None:
        """Return when the next packet of sound arrives."""
        self._arrived.clear()
        await self._arrived.wait()
