from __future__ import annotations

import asyncio
import base64
import ssl
from pathlib import Path

import pytest

from sentra_tui.broker.proxy import proxy_for
from sentra_tui.broker.reply_reader import BrokenReply
from sentra_tui.broker.upstream_http import UpstreamHttp
from sentra_tui.domain.errors import ConfigError
from tests.broker.test_upstream import listening, reply, saying
from tests.services.transport.authority import Authority


async def test_a_proxy_is_asked_for_a_tunnel_and_sees_nothing_but_the_host(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    asked: list[bytes] = []
    passed = bytearray()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            passed.extend(data)
            sink.write(data)

    async with listening(saying(reply(b"through")), authority.server_context("localhost")) as port:

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
            finally:
                far_writer.close()

        async with listening(proxy) as proxy_port:
            http = UpstreamHttp(
                f"https://localhost:{port}/v1",
                authority.client_context(),
                1,
                f"http://me:p%40ss@127.0.0.1:{proxy_port}",
            )
            assert (await http.post({"Authorization": "Bearer canary"}, b"{}")).body == b"through"
            http.close()
    (request,) = asked
    assert request.startswith(f"CONNECT localhost:{port} HTTP/1.1\r\n".encode())
    assert base64.b64encode(b"me:p@ss") in request
    assert b"canary" not in bytes(passed) + request


async def test_a_proxy_that_refuses_is_said(tmp_path: Path) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    async with listening(proxy) as port:
        http = UpstreamHttp("https://localhost:1/v1", ssl.create_default_context(), 1, f"http://127.0.0.1:{port}")
        with pytest.raises(BrokenReply, match="proxy refused"):
            await http.post({}, b"{}")


@pytest.mark.parametrize(
    ("named", "taken"),
    [("http://proxy:3128", "http://proxy:3128"), ("proxy:3128", "http://proxy:3128"), ("", ""),
     ("http://me:word@proxy", "http://me:word@proxy")],
)  # fmt: skip
def test_a_proxy_may_be_written_without_its_scheme(named: str, taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", named)
    assert proxy_for("https://provider.example/v1") == taken
    assert proxy_for("http://127.0.0.1/v1") == ""


@pytest.mark.parametrize("named", ["https://proxy", "socks5://proxy:1", "http://proxy:99999", "http://[::1", "http://"])
def test_a_proxy_that_cannot_be_asked_is_said_at_the_start(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", named)
    with pytest.raises(ConfigError, match="HTTPS_PROXY cannot be used as written"):
        proxy_for("https://provider.example/v1")
