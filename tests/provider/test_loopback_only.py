"""The provider answers programs that mean it, and no web page: over HTTP and for WebSockets, on every route."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import urlsplit

import pytest

from sentra_tui.provider.server import ProviderStarted
from tests.provider.client import DEADLINE_S

FOREIGN_HOSTS = (
    "",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "localhost:1",
    "127.0.0.1:80",
    "localhost.evil.example:{port}",
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.nip.io:{port}",
    "localtest.me:{port}",
    "127.0.0.1.:{port}",
    "localhost.:{port}",
    "127.1:{port}",
    "0.0.0.0:{port}",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "127.0.0.2:{port}",
    "[::]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "::1:{port}",
    "me@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "127.0.0.1:{port}:{port}",
    "127.0.0.1:0{port}",
    "127.0.0.1:{port}/",
    "127.0.0.1:{port},evil.example",
    "127.0.0.1:{port} evil.example",
    "http://127.0.0.1:{port}",
    "xn--lcalhost-f1a:{port}",
    "localhost%00:{port}",
)
ORIGINS = (
    "null",
    "https://evil.example",
    "http://localhost",
    "http://127.0.0.1:{port}",
    "http://localhost:{port}",
    "file://",
    "chrome-extension://abcdef",
    "",
)
ROUTES = ("/v1/models", "/v1/realtime?model=sentra-local", "/v1/nowhere")


async def test_a_request_that_was_meant_for_another_host_is_refused(started: ProviderStarted) -> None:
    for host in FOREIGN_HOSTS:
        for path in ROUTES:
            assert 400 <= await answered(started, path, [f"Host: {host}"]) < 500, (host, path)


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_request_of_a_web_page_is_refused(started: ProviderStarted, origin: str) -> None:
    for path in ROUTES:
        headers = ["Host: 127.0.0.1:{port}", f"Origin: {origin}"]
        assert await answered(started, path, headers) == 403, path


async def test_two_hosts_are_none(started: ProviderStarted) -> None:
    for second in ("evil.example", "127.0.0.1:{port}"):
        headers = ["Host: 127.0.0.1:{port}", f"Host: {second}"]
        assert 400 <= await answered(started, "/v1/models", headers) < 500
    assert 400 <= await answered(started, "/v1/models", []) < 500


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_its_own_names_are_taken(started: ProviderStarted, host: str) -> None:
    headers = [f"Host: {host}:{{port}}"]
    assert await answered(started, "/v1/models", headers) == 200
    assert await answered(started, "/v1/realtime?model=sentra-local", headers) == 101


async def answered(started: ProviderStarted, path: str, headers: list[str]) -> int:
    """Return the status of the answer to a request that would open a WebSocket where there is one, by a raw socket."""
    port = urlsplit(started.base_url).port
    key = base64.b64encode(bytes(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        *(header.format(port=port) for header in headers),
        f"Authorization: Bearer {started.api_key}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        status_line = await asyncio.wait_for(reader.readline(), DEADLINE_S)
        return int(status_line.split()[1])
    finally:
        writer.close()
        await writer.wait_closed()
