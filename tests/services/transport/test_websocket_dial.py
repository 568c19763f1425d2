from __future__ import annotations

import asyncio
import logging
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sentra_tui.domain.config import DeadlinesConfig
from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import Secret
from sentra_tui.services.transport.socket.address import SocketAddress
from sentra_tui.services.transport.websocket import WebSocketTransport
from tests.ready import ready
from tests.services.transport.authority import Authority
from tests.services.transport.socket_peer import (
    CREATED,
    CREDENTIAL,
    KEY,
    SHORT,
    Hello,
    SocketPeer,
    bearer,
    reply,
    running_peer,
    transport_to,
)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def peer() -> AsyncIterator[SocketPeer]:
    async with running_peer() as running:
        yield running


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "ws", "wss", "all", "no", "socks"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


async def failure_of(transport: WebSocketTransport) -> TransportError:
    """Dial and return why that failed: one line without the key, and nothing chained to it."""
    with pytest.raises(TransportError) as caught:
        async with asyncio.timeout(20):
            await transport.connect(ready(CREDENTIAL))
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert KEY not in shown
    assert "\n" not in str(error)
    return error


@asynccontextmanager
async def tcp_server(serve: Serve) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def says(text: str) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode())
        await writer.drain()

    return serve


MODEL_GONE = '{"error":{"code":"model_not_found","message":"no such model"}}'


@pytest.mark.parametrize(
    ("status", "kind", "reason", "words"),
    [
        (400, TransportRefused, Reason.NOT_OFFERED, "does not take calls over WebSocket"),
        (401, CredentialRefused, Reason.OTHER, "Lab refused the key (401)."),
        (403, CredentialRefused, Reason.OTHER, "does not allow the key to do this (403)."),
        (404, TransportRefused, Reason.NOT_OFFERED, "(404)"),
        (405, TransportRefused, Reason.NOT_OFFERED, "(405)"),
        (407, TransportRefused, Reason.PROXY_LOGIN, "The proxy wants a login (407)."),
        (426, TransportRefused, Reason.NOT_OFFERED, "(426)"),
        (429, TransportLost, Reason.TOO_MANY, "asks for fewer calls (429)."),
        (500, TransportLost, Reason.SERVER_ERROR, "Lab failed (500)."),
        (503, TransportLost, Reason.SERVER_ERROR, "Lab failed (503)."),
        (511, TransportLost, Reason.CAPTIVE_PORTAL, "A web page came in place of"),
        (200, TransportRefused, Reason.NOT_OFFERED, "(200)"),
        (302, TransportRefused, Reason.NOT_OFFERED, "redirects to another address"),
    ],
)
async def test_a_handshake_that_is_refused_says_why_in_one_line(
    peer: SocketPeer, status: int, kind: type[TransportError], reason: Reason, words: str
) -> None:
    peer.refuse = reply(status, '{"error":{"message":"key sk-canary-5f3a"}}')
    error = await failure_of(transport_to(peer.port))
    assert type(error) is kind
    assert error.reason is reason
    assert words in error.message


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "7", "retry_after_ms": "250"}, 0.25),
        ({"Retry_After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"Retry_After": "999999"}, 3600.0),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "inf"}, None),
        ({}, None),
    ],
)
async def test_a_server_that_asks_for_fewer_calls_says_when_to_come_again(
    peer: SocketPeer, headers: dict[str, str], wait_s: float | None
) -> None:
    peer.refuse = reply(429, **headers)
    error = await failure_of(transport_to(peer.port))
    assert isinstance(error, TransportLost)
    assert error.retry_after_s == wait_s


async def test_a_web_page_in_place_of_a_socket_is_a_captive_portal(peer: SocketPeer) -> None:
    peer.refuse = reply(200, "<html>Log in</html>", "text/html; charset=utf-8")
    assert (await failure_of(transport_to(peer.port))).reason is Reason.CAPTIVE_PORTAL


async def test_a_model_that_the_server_does_not_have_is_refused(peer: SocketPeer) -> None:
    peer.refuse = reply(404, MODEL_GONE)
    error = await failure_of(transport_to(peer.port))
    assert isinstance(error, TransportRefused)
    assert error.reason is Reason.MODEL_REFUSED
    assert error.param == "model"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("same_host", [False, True])
async def test_no_redirect_is_followed_and_the_key_stays_where_it_belongs(
    peer: SocketPeer, status: int, same_host: bool
) -> None:
    async with running_peer() as elsewhere:
        port = peer.port if same_host else elsewhere.port
        peer.refuse = reply(status, Location=f"ws://127.0.0.1:{port}/elsewhere")
        error = await failure_of(transport_to(peer.port))
        assert isinstance(error, TransportRefused)
        assert "redirects to another address, which is not followed" in error.message
        assert len(peer.requests) == 1
        assert not elsewhere.requests


async def test_a_key_is_not_sent_in_the_clear_to_another_machine() -> None:
    transport = WebSocketTransport(
        address=SocketAddress("ws://192.0.2.1/v1/realtime", "Lab"), authorize=bearer, opening=Hello()
    )
    assert "not a secure one" in str(await failure_of(transport))


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", Reason.NOT_OFFERED, "does not speak WebSocket"),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", Reason.NOT_OFFERED, "does not speak HTTP"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Reason.OTHER, "broke off"),
        ("", Reason.OTHER, "broke off"),
    ],
)
async def test_a_server_that_speaks_something_else_is_refused(answer: str, reason: Reason, words: str) -> None:
    async with tcp_server(says(answer)) as port:
        error = await failure_of(transport_to(port))
        assert error.reason is reason
        assert words in error.message


async def test_a_connection_on_which_no_handshake_is_answered_is_silent() -> None:
    async with tcp_server(mute) as port:
        error = await failure_of(transport_to(port, deadlines=DeadlinesConfig(offer_s=20, greeting_s=0.2)))
        assert error.reason is Reason.SILENT
        assert "says nothing" in error.message


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    async with tcp_server(mute) as port:
        pass
    error = await failure_of(transport_to(port))
    assert error.reason is Reason.UNREACHABLE
    assert "refused the connection" in error.message


async def test_a_name_that_does_not_exist_is_unreachable() -> None:
    error = await failure_of(transport_to(443, scheme="wss", host="sentra.invalid"))
    assert error.reason is Reason.UNREACHABLE
    assert "sentra.invalid" in error.message


async def test_a_socket_that_opens_and_never_speaks_is_silent(peer: SocketPeer) -> None:
    peer.greeting = ()
    error = await failure_of(transport_to(peer.port, deadlines=SHORT))
    assert error.reason is Reason.SILENT
    assert error.message == "Lab took the call and said nothing for 0.3 s."


async def test_a_server_that_greets_and_agrees_on_nothing_is_silent(peer: SocketPeer) -> None:
    peer.agreement = ()
    error = await failure_of(transport_to(peer.port, deadlines=SHORT))
    assert error.reason is Reason.SILENT
    assert "did not agree on a session" in error.message


async def test_what_the_opening_refuses_is_refused(peer: SocketPeer) -> None:
    peer.greeting = ('{"type":"error","error":{}}',)
    transport = transport_to(peer.port)
    with pytest.raises(CredentialRefused):
        await transport.connect(ready(CREDENTIAL))
    with pytest.raises(TransportLost):
        transport.send("too late")


class NoWords(Hello):
    """An opening that needs none of the server's words."""

    agreed = True

    def __init__(self) -> None:
        self.agreed = True

    def begin(self) -> Sequence[str]:
        return ['{"type":"session.update","first":true}']


async def test_an_opening_may_need_no_words_of_the_server(peer: SocketPeer) -> None:
    peer.greeting = ()
    transport = transport_to(peer.port, opening=NoWords())
    await transport.connect(ready(CREDENTIAL))
    await transport.close()
    assert peer.messages == ['{"type":"session.update","first":true}']


@pytest.mark.parametrize(
    ("code", "reason_text", "kind", "reason"),
    [
        (4000, "invalid_request_error.beta_api_shape_disabled", TransportRefused, Reason.NOT_OFFERED),
        (4000, "invalid_request_error.model_not_found", TransportRefused, Reason.MODEL_REFUSED),
        (1008, "policy\x1b[31m", TransportRefused, Reason.OTHER),
        (3000, "invalid_request_error.invalid_api_key", CredentialRefused, Reason.OTHER),
        (1011, "oops", TransportLost, Reason.SERVER_ERROR),
        (1013, "", TransportLost, Reason.SERVER_ERROR),
        (1000, "", TransportLost, Reason.OTHER),
        (1001, "restart", TransportLost, Reason.OTHER),
    ],
)
async def test_a_close_before_there_is_a_session_is_a_refusal_with_its_reason(
    peer: SocketPeer, code: int, reason_text: str, kind: type[TransportError], reason: Reason
) -> None:
    peer.greeting = ()
    dialling = asyncio.create_task(failure_of(transport_to(peer.port)))
    while peer.connection is None:
        await asyncio.sleep(0.01)
    await peer.connection.close(code, reason_text)
    error = await dialling
    assert type(error) is kind
    assert error.reason is reason
    assert str(code) in error.message
    assert "\x1b" not in error.message


async def test_a_server_that_vanishes_before_there_is_a_session_is_lost(peer: SocketPeer) -> None:
    peer.agreement = ()
    dialling = asyncio.create_task(failure_of(transport_to(peer.port)))
    while not peer.messages:
        await asyncio.sleep(0.01)
    assert peer.connection is not None
    peer.connection.transport.abort()
    assert "before it stood" in (await dialling).message


async def test_a_credential_that_is_refused_is_what_the_dial_raises(peer: SocketPeer) -> None:
    async def refused() -> Credential:
        raise CredentialRefused("No key.")

    with pytest.raises(CredentialRefused, match="No key"):
        await transport_to(peer.port).connect(refused())
    assert not peer.requests


async def test_a_credential_that_does_not_come_ends_the_dial(peer: SocketPeer) -> None:
    async def never() -> Credential:
        await asyncio.sleep(60)
        return CREDENTIAL

    with pytest.raises(TransportLost, match="Nothing to open the call with"):
        await transport_to(peer.port, deadlines=SHORT).connect(never())


async def test_an_empty_secret_adds_what_the_caller_says(peer: SocketPeer) -> None:
    transport = WebSocketTransport(
        address=SocketAddress(f"ws://127.0.0.1:{peer.port}/v1/realtime"), authorize=lambda secret: {}, opening=Hello()
    )
    await transport.connect(ready(Credential(Secret(""))))
    await transport.close()
    assert "Authorization" not in peer.requests[0].headers


@pytest.mark.parametrize("stage", ["credential", "handshake", "greeting", "agreement"])
async def test_a_dial_that_is_cancelled_at_any_stage_leaves_nothing(peer: SocketPeer, stage: str) -> None:
    async def slow() -> Credential:
        await asyncio.sleep(60 if stage == "credential" else 0)
        return CREDENTIAL

    peer.greeting = () if stage == "greeting" else (CREATED,)
    peer.agreement = ()
    async with tcp_server(mute) as mute_port:
        for turns in (*range(12), 30):
            transport = transport_to(mute_port if stage == "handshake" else peer.port)
            dialling = asyncio.create_task(transport.connect(slow()))
            for _ in range(turns + 1):
                await asyncio.sleep(0.001 * (turns % 3))
            dialling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dialling
            assert transport._socket is None or transport._socket.state.name == "CLOSED"


# Certificates


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_private_authority_is_believed_where_it_is_named(authority: Authority) -> None:
    async with running_peer(authority.server_context()) as peer:
        transport = transport_to(peer.port, scheme="wss", host="localhost", tls=authority.client_context())
        await transport.connect(ready(CREDENTIAL))
        transport.send("hello")
        await transport.close()
        assert len(peer.requests) == 1


async def test_a_certificate_of_an_unknown_authority_is_tls_inspected(authority: Authority) -> None:
    async with running_peer(authority.server_context()) as peer:
        error = await failure_of(transport_to(peer.port, scheme="wss", host="localhost"))
        assert error.reason is Reason.TLS_INSPECTED
        assert "The certificate of localhost is not trusted" in error.message
        assert not peer.requests


async def test_a_certificate_for_another_name_is_tls_inspected(authority: Authority) -> None:
    async with running_peer(authority.server_context("other.example")) as peer:
        tls = authority.client_context()
        error = await failure_of(transport_to(peer.port, scheme="wss", host="localhost", tls=tls))
        assert error.reason is Reason.TLS_INSPECTED


@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "No secure connection"), (b"", "broke the connection off")],
)
async def test_a_server_without_tls_is_no_secure_connection(answer: bytes, words: str) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        writer.write(answer)
        await writer.drain()

    async with tcp_server(plain) as port:
        error = await failure_of(transport_to(port, scheme="wss", host="localhost"))
        assert error.reason is Reason.UNREACHABLE
        assert words in error.message


async def test_a_server_that_answers_no_tls_handshake_is_silent() -> None:
    async with tcp_server(mute) as port:
        deadlines = DeadlinesConfig(offer_s=20, greeting_s=0.3)
        error = await failure_of(transport_to(port, scheme="wss", host="localhost", deadlines=deadlines))
        assert error.reason is Reason.SILENT


# Proxies


def proxy(status: str, seen: list[bytes]) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    return serve


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("407 Proxy Authentication Required", Reason.PROXY_LOGIN, "wants a login (407)"),
        ("403 Forbidden", Reason.UNREACHABLE, "did not let the call through (403)"),
        ("502 Bad Gateway", Reason.UNREACHABLE, "did not let the call through (502)"),
    ],
)
async def test_a_proxy_that_refuses_is_named_and_never_sees_the_key(
    monkeypatch: pytest.MonkeyPatch, status: str, reason: Reason, words: str
) -> None:
    seen: list[bytes] = []
    async with tcp_server(proxy(status, seen)) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        error = await failure_of(transport_to(443, scheme="wss", host="sentra.invalid"))
        assert error.reason is reason
        assert words in error.message
    assert seen[0].startswith(b"CONNECT sentra.invalid:443")
    assert KEY.encode() not in b"".join(seen)


async def test_a_login_in_the_address_of_the_proxy_is_shown_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    async with tcp_server(proxy("407 No", seen)) as port:
        monkeypatch.setenv("https_proxy", f"http://name:word@127.0.0.1:{port}")
        error = await failure_of(transport_to(443, scheme="wss", host="sentra.invalid"))
    assert b64encode(b"name:word") in seen[0]
    assert "name:word@" not in str(error)


async def test_a_call_to_this_machine_takes_no_proxy(peer: SocketPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "http_proxy", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    transport = transport_to(peer.port)
    await transport.connect(ready(CREDENTIAL))
    await transport.close()


@pytest.mark.parametrize(
    ("address", "words"), [("socks5h://127.0.0.1:9", "SOCKS"), ("gopher://127.0.0.1:9", "proxy's address")]
)
async def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, address: str, words: str) -> None:
    monkeypatch.setenv("https_proxy", address)
    assert words in (await failure_of(transport_to(443, scheme="wss", host="sentra.invalid"))).message


async def test_no_log_of_a_dial_that_fails_shows_the_key(peer: SocketPeer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.DEBUG)
    peer.refuse = reply(401)
    await failure_of(transport_to(peer.port))
    assert not [
        record
        for record in caplog.records
        if record.name != "websockets.server" and KEY in record.getMessage() + str(record.exc_info)
    ]
