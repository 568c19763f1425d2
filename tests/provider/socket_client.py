"""A plain client of the provider over a WebSocket, with the same methods as the one over WebRTC."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import numpy as np

from sentra_tui.media.resample import Resampler
from sentra_tui.provider.server import ProviderStarted
from tests.provider.client import REALTIME, EventLog

RATE_HZ = 24_000
PIECE_BYTES = RATE_HZ // 10 * 2


class SocketClient(EventLog):
    """A call over a WebSocket; sound is sent as fast as it is taken."""

    def __init__(self, strict: bool = True, beta: bool = False) -> None:
        super().__init__(strict, beta)
        self.sound = b""
        self.closed = asyncio.Event()
        self.close_code: int | None = None
        self._http = aiohttp.ClientSession()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def loudest(self) -> float:
        samples = np.frombuffer(self.sound, "<i2").astype(np.float32)
        return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0

    async def dial(
        self, started: ProviderStarted, query: str, *, key: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """Open the socket; raises aiohttp.WSServerHandshakeError."""
        shown = {"Authorization": f"Bearer {started.api_key if key is None else key}", **(headers or {})}
        if self.beta:
            shown["OpenAI-Beta"] = "realtime=v1"
        url = f"{started.base_url}/realtime{query}"
        self._socket = await self._http.ws_connect(url, headers=shown, max_msg_size=0)
        self._tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._transmit())]

    def send_text(self, message: str) -> None:
        self._outbox.put_nowait(message)

    async def play(self, pcm: bytes, sample_rate_hz: int) -> None:
        resampler = Resampler(sample_rate_hz, RATE_HZ)
        sound = resampler.feed(pcm) + resampler.flush()
        for start in range(0, len(sound), PIECE_BYTES):
            piece = sound[start : start + PIECE_BYTES]
            self.send("input_audio_buffer.append", audio=base64.b64encode(piece).decode())

    async def stay_silent(self, seconds: float) -> None:
        await self.play(bytes(round(seconds * RATE_HZ) * 2), RATE_HZ)

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()
        await self.settle()
        for outcome in outcomes:
            if isinstance(outcome, AssertionError | ValueError):
                raise outcome

    async def _receive(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            self.take(message.data)
            if self.events[-1]["type"] == "response.output_audio.delta":
                self.sound += base64.b64decode(self.events[-1]["delta"])
        self.close_code = self._socket.close_code
        self.closed.set()

    async def _transmit(self) -> None:
        assert self._socket is not None
        while True:
            await self._socket.send_str(await self._outbox.get())


@contextlib.asynccontextmanager
async def talking(
    started: ProviderStarted, session: dict[str, Any] = REALTIME, *, strict: bool = True, beta: bool = False
) -> AsyncIterator[SocketClient]:
    """Open a socket, have the session that is wanted, and close it at the end."""
    client = SocketClient(strict, beta)
    try:
        query = "?intent=transcription" if session["type"] == "transcription" else f"?model={session['model']}"
        await client.dial(started, query)
        await client.next("session.created")
        client.send("session.update", session=session)
        await client.next("session.updated")
        yield client
    finally:
        await client.close()
