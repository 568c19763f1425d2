"""The microphone."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from sentra_tui.domain.audio import FRAME_BYTES
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.devices import Device

RING_BLOCKS = 50
"""Half a second: what a stalled loop may miss before the oldest sound goes."""
STALL_S = 2.0
_HINT = "Check the sound settings, or choose another source."


class MicrophoneSource:
    """An AudioSource: an input device, the system's default or one by name; `open` or its first frame opens it."""

    def __init__(self, device: str = "", *, stall_s: float = STALL_S) -> None:
        self.label = clean_line(device) or "microphone"
        self.dropped_blocks = 0
        """Blocks of 10 ms lost because the loop did not come for them."""
        self.stalled = False
        """It ended because the device was there and gave nothing."""
        self._blocks: deque[bytes] = deque(maxlen=RING_BLOCKS)
        self._stall_s = stall_s
        self._arrived = asyncio.Event()
        self._lost = False
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._device = Device("input", device, self._on_block, self._on_finished)

    async def open(self) -> None:
        """Open the device, once; raises SourceError."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            await self._device.open()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a frame each 20 ms; raises SourceError when the device does not open, falls silent or goes away."""
        await self.open()
        pcm = bytearray()
        while not self._closed:
            await self._sound()
            while self._blocks:
                pcm += self._blocks.popleft()
            while len(pcm) >= FRAME_BYTES and not self._closed:
                yield bytes(pcm[:FRAME_BYTES])
                del pcm[:FRAME_BYTES]

    async def close(self) -> None:
        """End `frames` and let go of the device."""
        self._closed = True
        self._arrived.set()
        await self._device.close()

    async def _sound(self) -> None:
        try:
            async with asyncio.timeout(self._stall_s):
                await self._arrived.wait()
        except TimeoutError:
            self.stalled = True
            raise SourceError(f"The {self.label} gives no sound any more.", hint=_HINT) from None
        self._arrived.clear()
        if self._lost:
            raise SourceError(f"The {self.label} is gone: it was unplugged or the sound server stopped.", hint=_HINT)

    def _on_block(self, block: Any) -> None:
        if len(self._blocks) == RING_BLOCKS:
            self.dropped_blocks += 1
        self._blocks.append(bytes(block))
        self._wake()

    def _on_finished(self) -> None:
        self._lost = True
        self._wake()

    def _wake(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
                self._loop.call_soon_threadsafe(self._arrived.set)
