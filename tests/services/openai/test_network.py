import asyncio
import ssl
import traceback

import httpx
import pytest

from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai import client as client_module
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from tests.services.openai.peer import SDP, Peer

KEY = "sk-proj-0123456789abcdefKEY"


async def broken(base_url: str) -> TransportLost:
    client = ApiClient(Endpoint(base_url))
    try:
        with pytest.raises(TransportLost) as caught:
            await client.post("/realtime/calls", Secret(KEY), content="v=0")
    finally:
        await client.close()
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert KEY not in shown
    return caught.value


async def serve(reply: bytes | None) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        if reply is not None:
            writer.write(reply)
            await writer.drain()
            writer.close()
        else:
            await reader.read()
            writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0)


def port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def test_a_refused_connection_says_so() -> None:
    server = await serve(b"")
    number = port(server)
    server.close()
    await server.wait_closed()
    error = await broken(f"http://127.0.0.1:{number}/v1")
    assert error.message == "127.0.0.1 refused the connection."


async def test_a_name_that_does_not_resolve_says_so() -> None:
    error = await broken("https://nowhere.invalid/v1")
    assert error.message == "The name nowhere.invalid cannot be resolved."


async def test_a_server_without_tls_says_so() -> None:
    server = await serve(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    error = await broken(f"https://127.0.0.1:{port(server)}/v1")
    assert error.message == "No secure connection to 127.0.0.1."
    server.close()


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nv=0"])
async def test_a_server_that_breaks_off_says_so(reply: bytes) -> None:
    server = await serve(reply)
    error = await broken(f"http://127.0.0.1:{port(server)}/v1")
    assert error.message in (
        "127.0.0.1 broke off in the middle of its answer.",
        "The connection to 127.0.0.1 broke.",
    )
    server.close()


async def test_a_mute_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "DEADLINE_S", 0.2)
    server = await serve(None)
    error = await broken(f"http://127.0.0.1:{port(server)}/v1")
    assert error.message == "127.0.0.1 took too long to answer."
    server.close()


async def test_loopback_takes_no_proxy(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    peer.answer("/realtime/calls", 201, SDP)
    client = ApiClient(Endpoint(peer.base_url))
    try:
        assert (await client.post("/realtime/calls", Secret(KEY), content="v=0")).status == 201
    finally:
        await client.close()


async def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port(server)}")
    error = await broken("https://api.example/v1")
    assert error.message == "The proxy did not let the request to api.example through."
    server.close()


def test_an_untrusted_certificate_says_why() -> None:
    from sentra_tui.services.openai.network import network_error

    cause = ssl.SSLCertVerificationError("certificate verify failed")
    cause.verify_message = "self-signed certificate"
    error = httpx.ConnectError("x")
    error.__cause__ = ExceptionGroup("several", [OSError("a"), cause])
    said = network_error(error, "api.example")
    assert said.message == "The certificate of api.example is not trusted (self-signed certificate)."
