from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from sentra_tui.broker.connection import Connection
from sentra_tui.broker.connections import Connections
from sentra_tui.broker.refusal import Refusal
from sentra_tui.broker.request_reader import Head
from sentra_tui.broker.response import Response, given, refused
from tests.broker.team import exchange, head


class Echo:
    """Answers with the body, or fails where it is told to."""

    def check_head(self, head: Head) -> None:
        pass

    def refuse(self, refusal: Refusal, client: str) -> Response:
        return refused(refusal)

    async def handle(self, head: Head, body: bytes, client: str) -> Response:
        if head.target == "/fail":
            raise ValueError(f"canary {body.decode()}")
        return given({"body": body.decode()})


@asynccontextmanager
async def listening(most: int) -> AsyncIterator[int]:
    connections = Connections(most)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(Echo(), connections), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await connections.close(1.0)


async def test_a_failure_of_ours_is_said_without_what_it_was_about(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(8) as port:
        failed = await exchange("127.0.0.1", port, head("POST", "/fail", "Content-Length: 6") + b"secret")
    assert (failed.status, failed.json()["error"]["code"]) == (500, "failed")
    assert "ValueError at" in caplog.text
    assert "canary" not in caplog.text + failed.body.decode()
    assert "secret" not in caplog.text + failed.body.decode()


async def test_the_oldest_silent_connection_makes_room_for_a_new_one() -> None:
    async with listening(3) as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        served = await exchange("127.0.0.1", port, head("GET", "/", "Content-Length: 2") + b"hi")
        assert served.json() == {"body": "hi"}
        async with asyncio.timeout(2):
            with suppress(ConnectionResetError):
                assert await idle[0][0].read() == b""
        assert not any(reader.at_eof() for reader, _ in idle[1:])
        for _, writer in idle:
            writer.close()
