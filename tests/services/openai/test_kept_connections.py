"""Connections that are kept for the next request, until the network is another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint

KEY = Secret("sk-proj-0123456789abcdefKEY")
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 24\r\n\r\ndata: one\n\n"
REST = b"data: two\n\n\n\n"


class Server:
    """Counts its connections; what is asked of `/slow` is answered in two pieces, the second once `go_on` is set."""

    def __init__(self) -> None:
        self.opened = 0
        self.open = 0
        self.go_on = asyncio.Event()
        self.left = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                if b"/slow" in request:
                    writer.write(BEGUN)
                    await self.go_on.wait()
                    writer.write(REST)
                else:
                    writer.write(WHOLE)
        self.open -= 1
        self.left.set()
        writer.close()

    async def until_open(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self.open != count:
                self.left.clear()
                await self.left.wait()


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[tuple[Server, ApiClient]]:
    server = Server()
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    client = ApiClient(Endpoint(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"))
    try:
        yield server, client
    finally:
        await client.close()
        await server.until_open(0)
        listening.close()


async def test_a_connection_is_kept_for_the_next_request_and_not_once_it_is_forgotten() -> None:
    async with serving() as (server, client):
        for _ in range(3):
            await client.get("/x", KEY)
        assert server.opened == 1
        client.forget_connections()
        await client.get("/x", KEY)
        await client.get("/x", KEY)
        assert server.opened == 2
        await server.until_open(1)


async def test_what_is_under_way_over_a_forgotten_connection_comes_to_its_end() -> None:
    async with serving() as (server, client):
        async with await client.stream("GET", "/slow", KEY) as stream:
            assert (await anext(stream)).data == "one"
            client.forget_connections()
            await client.get("/x", KEY)
            assert (server.opened, server.open) == (2, 2)
            server.go_on.set()
            assert (await anext(stream)).data == "two"
        await client.get("/x", KEY)
        await server.until_open(1)


async def test_connections_may_be_forgotten_before_there_are_any_and_many_times() -> None:
    async with serving() as (server, client):
        client.forget_connections()
        for _ in range(20):
            await client.get("/x", KEY)
            client.forget_connections()
        await client.get("/x", KEY)
        assert server.opened == 21
        await server.until_open(1)
