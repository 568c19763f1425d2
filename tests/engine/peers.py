"""Small real implementations of the engine's ports, that keep what they were given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from sentra_tui.domain.audio import FRAME_MS, FrameSpan
from sentra_tui.domain.errors import SourceError, TransportLost
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.state import Quality


class ListSource:
    """A source of sound out of a list; breaks at the end if it is given an error."""

    label = "a list"

    def __init__(self, frames: Sequence[bytes], error: SourceError | None = None) -> None:
        self._frames = frames
        self._error = error
        self.closed = False

    async def frames(self) -> AsyncIterator[bytes]:
        for frame in self._frames:
            await asyncio.sleep(0)
            yield frame
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        self.closed = True


class LoopTransport:
    """A call that stays in this process: the test speaks for the peer."""

    name = "loop"
    server_truncates = True

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.heard: list[bytes] = []
        self.sound: list[bytes] = []
        self.closed = False
        self._inbox: asyncio.Queue[str | TransportLost] = asyncio.Queue()

    def say(self, message: str | TransportLost) -> None:
        """Have the peer say this, or the call break."""
        self._inbox.put_nowait(message)

    async def connect(self, credential: Awaitable[Credential]) -> None:
        await credential

    def send(self, message: str) -> None:
        if self.closed:
            raise TransportLost("closed")
        self.sent.append(message)

    async def messages(self) -> AsyncIterator[str]:
        while True:
            message = await self._inbox.get()
            if isinstance(message, TransportLost):
                raise message
            yield message

    def send_audio(self, frame: bytes) -> None:
        self.heard.append(frame)

    def receive_audio(self) -> bytes | None:
        return self.sound.pop(0) if self.sound else None

    async def audio_arrives(self) -> None:
        while not self.sound:
            await asyncio.sleep(0.001)

    def flush_audio(self) -> None:
        self.sound.clear()

    async def quality(self) -> Quality:
        return Quality()

    def contact_age_s(self) -> float:
        return 0.0

    def answer_age_s(self) -> float | None:
        return None

    def take_losses(self) -> Sequence[FrameSpan]:
        return ()

    async def close(self) -> None:
        self.closed = True


class ListSink:
    """A loudspeaker that keeps what it would play."""

    label = "a list"

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.flushes = 0
        self.gain = 1.0
        self.delay_ms = 0
        self.closed = False

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)

    def flush(self) -> None:
        self.flushes += 1

    def set_gain(self, gain: float) -> None:
        self.gain = gain

    def sounding(self) -> bool:
        return self.heard_ms() < len(self.frames) * FRAME_MS

    def heard_ms(self) -> int:
        return max(0, len(self.frames) * FRAME_MS - self.delay_ms)

    async def close(self) -> None:
        self.closed = True


class CountingMeter:
    """Counts frames instead of measuring them."""

    def __init__(self) -> None:
        self.fed = 0

    def feed(self, frame: bytes) -> None:
        self.fed += 1

    def read(self) -> tuple[float, float]:
        return -20.0, -10.0


async def until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait until `condition()` holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)
