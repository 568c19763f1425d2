"""A proxy on loopback that passes everything on to a provider, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import Struct

_NOT_PASSED_ON = frozenset(("host", "content-length", "transfer-encoding", "connection", "keep-alive"))


class Asked(Struct, frozen=True):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Recorder:
    """Asks the provider at `upstream` what it is asked itself, at `base_url`."""

    def __init__(self, upstream: str) -> None:
        self.base_url = ""
        self.asked: list[Asked] = []
        self._upstream = upstream.removesuffix("/v1")
        self._http: aiohttp.ClientSession | None = None

    def bodies(self, path_end: str) -> list[dict[str, Any]]:
        """What was posted to paths that end like this."""
        return [asked.body for asked in self.asked if asked.method == "POST" and asked.path.endswith(path_end)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert self._http is not None
        body = await request.read()
        self.asked.append(
            Asked(request.method, request.path, dict(request.headers), json.loads(body) if body.strip() else {})
        )
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
        url = self._upstream + request.path_qs
        try:
            async with self._http.request(request.method, url, headers=headers, data=body) as answer:
                return await self._pass_back(request, answer)
        except aiohttp.ClientError:
            assert request.transport is not None
            request.transport.close()
            return web.Response()

    async def _pass_back(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_PASSED_ON}
        response = web.StreamResponse(status=answer.status, headers=headers)
        await response.prepare(request)
        async for piece in answer.content.iter_any():
            await response.write(piece)
        return response

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        self.base_url = f"http://127.0.0.1:{server.port}/v1"
        try:
            async with aiohttp.ClientSession(auto_decompress=False) as self._http:
                yield
        finally:
            await server.close()
