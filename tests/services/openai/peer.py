"""A provider's HTTP side on loopback, which answers what a test tells it to and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"


class Asked:
    """One request."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self.path = request.path
        self.query = dict(request.query)
        self.method = request.method
        self.headers = request.headers.copy()
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


class Peer:
    """Answers each path with what is set for it, in turn; the last answer stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, list[tuple[int, str | bytes, dict[str, str]]]] = {}
        self.client: ApiClient
        self.base_url = ""

    def answer(self, path: str, status: int, body: str | bytes = b"", **headers: str) -> None:
        self.answers[f"/v1{path}"] = []
        self.then(path, status, body, **headers)

    def then(self, path: str, status: int, body: str | bytes = b"", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault(f"/v1{path}", []).append((status, body, named))

    def bodies(self, path: str) -> list[Any]:
        """What was posted there, as JSON."""
        return [asked.json() for asked in self.asked if (asked.method, asked.path) == ("POST", f"/v1{path}")]

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(Asked(request, await request.read()))
        answers = self.answers.get(request.path) or [(404, b"", {})]
        status, body, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        data = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=data, headers=headers)


@asynccontextmanager
async def running_peer() -> AsyncIterator[Peer]:
    peer = Peer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", peer.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    peer.base_url = f"http://127.0.0.1:{server.port}/v1"
    peer.client = ApiClient(Endpoint(peer.base_url, label="OpenAI", key_env="OPENAI_API_KEY"))
    try:
        yield peer
    finally:
        await peer.client.close()
        await server.close()
