"""A chat completion server of somebody else, as odd as a test wants it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class ModelServer:
    """Answers each completion with `reply`, and remembers what it was sent."""

    base_url: str = ""
    models: list[str] = field(default_factory=lambda: ["small:4b", "other"])
    status: int = 200
    content_type: str = "text/event-stream"
    reply: str = ""
    breaks_off: bool = False
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def list_models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name} for name in self.models]})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        if not self.breaks_off:
            return web.Response(status=self.status, text=self.reply, content_type=self.content_type)
        response = web.StreamResponse(headers={"Content-Type": self.content_type})
        await response.prepare(request)
        await response.write(self.reply.encode())
        assert request.transport is not None
        request.transport.close()
        return response


@contextlib.asynccontextmanager
async def model_server(**more: Any) -> AsyncIterator[ModelServer]:
    server = ModelServer(**more)
    application = web.Application()
    application.add_routes(
        [web.get("/v1/models", server.list_models), web.post("/v1/chat/completions", server.complete)]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield server
    finally:
        await runner.cleanup()


def sse(*chunks: str) -> str:
    """Return a stream of these chunks."""
    return "".join(f"data: {chunk}\n\n" for chunk in chunks)
