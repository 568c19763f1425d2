"""What HTTPS_PROXY and its kin may do: lead to other machines, and hear nothing that is said to this one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
import pytest_asyncio

from sentra_tui.domain.errors import TransportError
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint, checked_url
from sentra_tui.services.openai.probe.probe import probe
from sentra_tui.services.openai.voice.message_socket import realtime_socket
from sentra_tui.services.transport.socket.address import SocketAddress
from sentra_tui.services.transport.socket.dial import open_socket

KEY = Secret("sk-proj-0123456789abcdefKEY")
Door = Callable[[str], Awaitable[object]]


async def ask(base_url: str) -> None:
    client = ApiClient(Endpoint(base_url))
    try:
        await client.get("/models", KEY)
    finally:
        await client.close()


async def call(base_url: str) -> None:
    address = SocketAddress(f"ws{base_url.removeprefix('http')}/realtime")
    await open_socket(address, lambda: {"Authorization": f"Bearer {KEY.reveal()}"}, greeting_s=10, tls=None)


async def read_aloud(base_url: str) -> None:
    await realtime_socket(Endpoint(base_url), lambda: KEY, "any")()


async def look(base_url: str) -> None:
    await probe(base_url, KEY, deadline_s=20)


DOORS = (ask, call, read_aloud, look)


class Listener:
    """Takes every connection, remembers what is said, and says no."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self.heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no", "ws", "wss", "socks"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest_asyncio.fixture
async def listeners() -> AsyncIterator[tuple[Listener, Listener]]:
    both = Listener(), Listener()
    servers = []
    for listener in both:
        server = await asyncio.start_server(listener.handle, "127.0.0.1", 0)
        listener.port = server.sockets[0].getsockname()[1]
        servers.append(server)
    yield both
    for server in servers:
        server.close()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost.", "127.0.0.2", "127.1", "[::ffff:127.0.0.1]"])
async def test_no_proxy_hears_what_is_said_to_this_machine(
    door: Door, host: str, listeners: tuple[Listener, Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, proxy = listeners
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    with suppress(TransportError):
        await door(checked_url(f"http://{host}:{provider.port}/v1", "base_url"))
    assert proxy.heard == []


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("all_proxy", "socks5://127.0.0.1:9"), ("https_proxy", "socks5h://127.0.0.1:9"), ("https_proxy", "gopher://x"),
     ("https_proxy", "http://[::1"), ("https_proxy", "http://x:99999"), ("no_proxy", "[::1")],
)  # fmt: skip
async def test_a_proxy_that_cannot_be_used_is_told_of_and_does_not_matter_to_this_machine(
    door: Door, name: str, value: str, listeners: tuple[Listener, Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(TransportError) as caught:
        await door("https://provider.invalid/v1")
    assert value not in str(caught.value)
    with suppress(TransportError):
        await door(f"http://127.0.0.1:{listeners[0].port}/v1")
    assert listeners[0].heard
