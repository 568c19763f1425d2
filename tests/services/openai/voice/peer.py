"""The parts of a provider that HTTP mode asks for, each answered by what a test writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint

Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def key() -> Secret:
    return Secret("sk-test")


class VoicePeer:
    """Gives every request to `answer`, with the fields of its form or its JSON."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.files: list[tuple[str, bytes]] = []
        self.answer: Answer = missing
        self.is_there = False
        """Whether it answers anything but what is asked of it."""
        self.gone = asyncio.Event()
        """Set when a client hung up on an answer."""
        self.client: ApiClient

    async def handle(self, request: web.Request) -> web.StreamResponse:
        fields = await self._fields(request)
        self.asked.append(fields)
        try:
            return await self.answer(request, fields)
        except (asyncio.CancelledError, ConnectionError):
            self.gone.set()
            raise

    async def models(self, request: web.Request) -> web.StreamResponse:
        if not self.is_there:
            await asyncio.sleep(60)
        return web.Response(status=404)

    async def _fields(self, request: web.Request) -> dict[str, Any]:
        if not request.content_type.startswith("multipart/"):
            body: dict[str, Any] = await request.json()
            return body
        fields: dict[str, Any] = {}
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file:
                    self.files.append((value.filename, value.file.read()))
            else:
                fields[name] = value
        return fields

    def turns(self, *answers: Answer) -> None:
        """Answer each request by the next of these; the last stays."""
        left = list(answers)

        async def answer(request: web.Request, fields: dict[str, Any]) -> web.StreamResponse:
            return await (left.pop(0) if len(left) > 1 else left[0])(request, fields)

        self.answer = answer


async def missing(request: web.Request, fields: dict[str, Any]) -> web.StreamResponse:
    return web.Response(status=404)


async def silent(request: web.Request, fields: dict[str, Any]) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


def slowly(answer: Answer, seconds: float) -> Answer:
    async def answer_later(request: web.Request, fields: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await answer(request, fields)

    return answer_later


def body(status: int, content: bytes | str, content_type: str = "application/json") -> Answer:
    data = content.encode() if isinstance(content, str) else content

    async def answer(request: web.Request, fields: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=status, body=data, headers={"Content-Type": content_type})

    return answer


def refusal(status: int, message: str, **error: Any) -> Answer:
    return body(status, json.dumps({"error": {"message": message, **error}}))


def pieces(content: list[bytes], content_type: str, *, hangs: bool = False, breaks: bool = False) -> Answer:
    """Answer in pieces; then end, say no more, or break the connection."""

    async def answer(request: web.Request, fields: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        for piece in content:
            await response.write(piece)
            await asyncio.sleep(0)
        if hangs:
            await asyncio.sleep(60)
        if breaks:
            assert request.transport is not None
            request.transport.abort()
        return response

    return answer


def sse(*events: dict[str, Any] | str, hangs: bool = False, breaks: bool = False) -> Answer:
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return pieces([f"data: {line}\n\n".encode() for line in lines], "text/event-stream", hangs=hangs, breaks=breaks)


@asynccontextmanager
async def voice_peer() -> AsyncIterator[VoicePeer]:
    peer = VoicePeer()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/{path:.*}", peer.handle)
    app.router.add_get("/v1/models", peer.models)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    peer.client = ApiClient(Endpoint(f"http://127.0.0.1:{server.port}/v1", label="OpenAI", key_env="OPENAI_API_KEY"))
    try:
        yield peer
    finally:
        await peer.client.close()
        await server.close()
