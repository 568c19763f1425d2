import asyncio
import ssl
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sentra_tui.domain.errors import OutcomeUnknown, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai import client as client_module
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from tests.services.openai.certificates import Authority
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


async def serve(reply: bytes | None, tls: ssl.SSLContext | None = None) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        if reply is not None:
            writer.write(reply)
            await writer.drain()
            writer.close()
        else:
            await reader.read()
            writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)


def port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def test_a_refused_connection_says_so() -> None:
    server = await serve(b"")
    number = port(server)
    server.close()
    await server.wait_closed()
    error = await broken(f"http://127.0.0.1:{number}/v1")
    assert error.message == "127.0.0.1 refused the connection."
    assert error.reason is Reason.UNREACHABLE


@pytest.mark.row(28)
async def test_a_name_that_does_not_resolve_says_so() -> None:
    error = await broken("https://nowhere.invalid/v1")
    assert error.message == "The name nowhere.invalid cannot be resolved."
    assert error.reason is Reason.UNREACHABLE


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
    assert (type(error), error.reason) == (OutcomeUnknown, Reason.SILENT)
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


@pytest.mark.row(28)
async def test_a_proxy_that_wants_a_login_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(b"HTTP/1.1 407 Log in\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port(server)}")
    error = await broken("https://api.example/v1")
    assert type(error) is TransportLost
    assert (error.message, error.reason) == (
        "The proxy on the way to api.example wants a login (407).",
        Reason.PROXY_LOGIN,
    )
    server.close()


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_private_authority_is_trusted_by_file_alone(trusted: bool, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", authority.server())
    ca_file = str(authority.ca_file) if trusted else ""
    place = Endpoint(f"https://127.0.0.1:{port(server)}/v1", ca_file=ca_file)
    client = ApiClient(place)
    if trusted:
        assert (await client.get("/x", Secret(KEY))).status == 200
    else:
        with pytest.raises(TransportLost, match=r"certificate of 127.0.0.1 is not trusted .unable to get") as caught:
            await client.post("/x", Secret(KEY))
        assert type(caught.value) is TransportLost
        assert caught.value.reason is Reason.TLS_INSPECTED
        assert "ca_file" in caught.value.hint
    await client.close()
    server.close()


async def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = await serve(b"HTTP/1.1 200 OK\r\n\r\n", authority.server("127.0.0.2"))
    client = ApiClient(Endpoint(f"https://127.0.0.1:{port(server)}/v1", ca_file=str(authority.ca_file)))
    with pytest.raises(TransportLost, match="mismatch") as caught:
        await client.get("/x", Secret(KEY))
    assert caught.value.reason is Reason.TLS_INSPECTED
    await client.close()
    server.close()


async def test_a_file_of_authorities_that_went_away_refuses_the_request(tmp_path: Path) -> None:
    client = ApiClient(Endpoint("https://127.0.0.1:1/v1", ca_file=str(tmp_path / "ca.pem")))
    with pytest.raises(TransportRefused, match="ca_file cannot be read"):
        await client.get("/x", Secret(KEY))
    await client.close()


@asynccontextmanager
async def stuck(piece: bytes) -> AsyncIterator[int]:
    """A server that says this much to each who asks, and no more; yields its port."""
    held: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        held.add(task)
        await reader.read(1)
        writer.write(piece)
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield port(server)
    finally:
        server.close()
        await asyncio.gather(*held)


async def test_a_server_that_stops_in_the_middle_of_tls_was_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "DEADLINE_S", 0.3)
    async with stuck(b"") as number:
        error = await broken(f"https://127.0.0.1:{number}/v1")
    assert type(error) is TransportLost
    assert (error.message, error.reason) == ("127.0.0.1 does not answer.", Reason.UNREACHABLE)


@pytest.mark.parametrize("piece", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"HTTP/1.1 200", b""])
async def test_a_server_that_never_ends_its_answer_is_given_up(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "DEADLINE_S", 0.2)
    async with stuck(piece) as number:
        client = ApiClient(Endpoint(f"http://127.0.0.1:{number}/v1"))
        for ask, kind in ((client.get, TransportLost), (client.post, OutcomeUnknown)):
            with pytest.raises(TransportLost, match="took too long") as caught:
                await ask("/x", Secret(KEY))
            assert (type(caught.value), caught.value.reason) == (kind, Reason.SILENT)
        await client.close()


def test_every_short_request_is_over_within_five_seconds() -> None:
    assert client_module.CONNECT_S < client_module.DEADLINE_S < 5.0


async def test_a_closed_client_asks_nothing(peer: Peer) -> None:
    await peer.client.close()
    with pytest.raises(TransportLost, match="is closed"):
        await peer.client.get("/x", Secret(KEY))
    assert peer.asked == []


async def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port(server)}")
    error = await broken("https://api.example/v1")
    assert error.message == "The proxy did not let the request to api.example through."
    server.close()
