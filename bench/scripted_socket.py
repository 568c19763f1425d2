"""A provider that knows nothing and speaks over WebSockets: the bench scripts its calls.

It runs in the bench's process, whose clock the measurement is on.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

RATE_HZ = 24_000
NAME = "scripted"
MODEL = "scripted"


class SocketEnd:
    """The provider's end of one call. It agrees to every session."""

    def __init__(self) -> None:
        self.on_sound: Callable[[bytes], None] = lambda pcm: None
        """Takes what is heard: mono s16le of `RATE_HZ`."""
        self.agreed = asyncio.Event()
        """Set once there is a session."""
        self._socket = web.WebSocketResponse(compress=False)
        self._responses = 0

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Run the call until it is hung up."""
        await self._socket.prepare(request)
        await self._say({"type": "session.created", "session": {"type": "realtime"}})
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                await self._hear(json.loads(message.data))
        return self._socket

    async def answer(self, pcm: bytes, piece_ms: int = 100) -> None:
        """Say this, as fast as it goes, in pieces."""
        self._responses += 1
        names = {"response_id": f"resp_{self._responses}", "item_id": f"item_{self._responses}"}
        await self._say({"type": "response.created", "response": {"id": names["response_id"]}})
        piece_bytes = RATE_HZ * piece_ms // 1000 * 2
        for start in range(0, len(pcm), piece_bytes):
            delta = base64.b64encode(pcm[start : start + piece_bytes]).decode()
            await self._say({"type": "response.output_audio.delta", **names, "delta": delta})
        await self._say({"type": "response.output_audio.done", **names})
        done = {"id": names["response_id"], "status": "completed"}
        await self._say({"type": "response.done", "response": done})

    async def _hear(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "input_audio_buffer.append":
                self.on_sound(base64.b64decode(event["audio"]))
            case "session.update":
                await self._say({"type": "session.updated", "session": event["session"]})
                self.agreed.set()

    async def _say(self, event: dict[str, Any]) -> None:
        await self._socket.send_str(json.dumps(event))


class ScriptedSocketProvider:
    """Serves one profile on loopback. `make_end` makes the provider's end of a call."""

    def __init__(self, make_end: Callable[[], SocketEnd]) -> None:
        self._make_end = make_end
        self.application = web.Application()
        self.application.add_routes([web.get("/v1/realtime", self._serve)])
        self._runner = web.AppRunner(self.application, access_log=None, shutdown_timeout=0.5)
        self._port = 0

    async def start(self) -> None:
        """Listen on a free port."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]

    def write_config(self, path: Path) -> None:
        """Write a configuration that has this provider, under `NAME`."""
        path.write_text(
            f'[providers.{NAME}]\nbase_url = "http://127.0.0.1:{self._port}/v1"\nkey_env = ""\nmodel = "{MODEL}"\n',
            encoding="utf-8",
        )

    async def close(self) -> None:
        """Hang up and stop listening."""
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        return await self._make_end().serve(request)
