from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from sentra_tui.broker.reply_reader import BrokenReply
from sentra_tui.broker.upstream import Upstream
from sentra_tui.broker.upstream_http import UpstreamHttp
from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.endpoint import Endpoint
from tests.services.transport.authority import Authority

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SESSION: dict[str, Any] = {"type": "realtime"}
KEY = Secret("sk-canary-77")


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Yield the port of a server that talks like this on each connection."""
    talks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def run() -> None:
            try:
                await talk(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        talks.add(asyncio.create_task(run()))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in talks:
            each.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def heard(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return the head and the body of a request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    return head, await reader.readexactly(length)


def reply(body: bytes, status: int = 200, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"Date: {formatdate(usegmt=True)}", *more, "", ""]
    return "\r\n".join(lines).encode() + body


def secret(lives_s: float = 60, **more: Any) -> bytes:
    return json.dumps({"value": "ek_1", "expires_at": int(time.time() + lives_s), **more}).encode()


async def minted_by(talk: Talk) -> str:
    async with listening(talk) as port:
        upstream = Upstream(Endpoint(f"http://127.0.0.1:{port}/v1"), KEY, 60, ssl.create_default_context())
        try:
            return (await upstream.mint(SESSION)).secret.reveal()
        finally:
            upstream.close()


def saying(raw: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(raw)

    return talk


async def test_a_session_and_how_long_its_secret_lives_are_all_that_is_asked_for() -> None:
    seen: list[tuple[bytes, Any]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await heard(reader)
        seen.append((head, json.loads(body)))
        writer.write(reply(secret()))

    assert await minted_by(talk) == "ek_1"
    ((head, body),) = seen
    assert head.startswith(b"POST /v1/realtime/client_secrets HTTP/1.1\r\n")
    assert b"Authorization: Bearer sk-canary-77\r\n" in head
    assert body == {"expires_after": {"anchor": "created_at", "seconds": 60}, "session": SESSION}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (reply(b"{}", 401), CredentialRefused),
        (reply(b"{}", 404), TransportRefused),
        (reply(b"{}", 307, "Location: http://127.0.0.1:9/"), TransportRefused),
        (reply(b"{}", 200), TransportRefused),
        (reply(secret(3600)), TransportRefused),
        (reply(b'{"value": "ek_1"}'), TransportRefused),
        (reply(b"<html>", 200, "Content-Type: text/html"), TransportLost),
        (reply(b"{}", 503, "Retry-After: 7"), TransportLost),
        (b"", TransportLost),
        (b"nonsense\r\n\r\n", TransportLost),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", TransportLost),
    ],
    ids=range(11),
)
async def test_what_is_no_secret_of_a_minute_is_refused_and_the_key_not_repeated(
    raw: bytes, kind: type[TransportError]
) -> None:
    with pytest.raises(kind) as failure:
        await minted_by(saying(raw))
    assert "canary" not in str(failure.value) + repr(failure.value.__context__)


async def test_connections_are_used_again_and_never_more_than_there_may_be() -> None:
    opened = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while True:
            _, body = await heard(reader)
            await asyncio.sleep(0.001)
            writer.write(reply(body))

    async with listening(talk) as port:
        http = UpstreamHttp(f"http://127.0.0.1:{port}/", ssl.create_default_context(), most=4)
        replies = await asyncio.gather(*(http.post({}, str(number).encode()) for number in range(60)))
        http.close()
    assert [int(each.body) for each in replies] == list(range(60)), "to each its own"
    assert opened == 4


async def test_a_connection_that_ended_while_nobody_used_it_costs_no_request() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, body = await heard(reader)
        writer.write(reply(body))

    async with listening(talk) as port:
        http = UpstreamHttp(f"http://127.0.0.1:{port}/", ssl.create_default_context(), most=1)
        assert [(await http.post({}, each)).body for each in (b"1", b"2", b"3")] == [b"1", b"2", b"3"]
        http.close()


async def test_a_request_that_was_given_up_leaves_nothing_to_the_next_one() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            _, body = await heard(reader)
            await asyncio.sleep(0.2 if body == b"slow" else 0)
            writer.write(reply(body))

    async with listening(talk) as port:
        http = UpstreamHttp(f"http://127.0.0.1:{port}/", ssl.create_default_context(), most=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await http.post({}, b"slow")
        assert (await http.post({}, b"quick")).body == b"quick"
        http.close()


async def test_a_request_that_waits_too_long_for_its_turn_ends_and_holds_nobody_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            _, body = await heard(reader)
            await asyncio.sleep(3600 if body == b"slow" else 0)
            writer.write(reply(body))

    async with listening(talk) as port:
        http = UpstreamHttp(f"http://127.0.0.1:{port}/", ssl.create_default_context(), most=1, deadline_s=0.3)
        late = await asyncio.gather(http.post({}, b"slow"), http.post({}, b"behind it"), return_exceptions=True)
        assert [type(each) for each in late] == [TimeoutError, TimeoutError]
        assert (await http.post({}, b"quick")).body == b"quick"
        http.close()


async def test_a_connection_that_nobody_used_for_long_is_not_trusted_with_a_request() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, body = await heard(reader)
        writer.write(reply(body))
        await asyncio.sleep(3600)  # as where the network has forgotten it: nothing comes through, and nobody is told

    async with listening(talk) as port:
        url = f"http://127.0.0.1:{port}/"
        http = UpstreamHttp(url, ssl.create_default_context(), most=1, deadline_s=5.0, idle_s=0.05)
        assert (await http.post({}, b"1")).body == b"1"
        await asyncio.sleep(0.5)
        assert (await http.post({}, b"2")).body == b"2"
        http.close()


async def test_a_request_that_may_try_again_as_its_time_is_over_ends() -> None:
    asked_again = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked_again
        _, body = await heard(reader)
        await asyncio.sleep(0.05)
        writer.write(reply(body))
        await heard(reader)
        asked_again += 1
        if asked_again > 1:
            await asyncio.sleep(3600)
        writer.close()
        await asyncio.sleep(0)
        # It holds up the client, too: that sees the end of the connection and of its time at once.
        asyncio.get_running_loop().call_soon(time.sleep, 0.5)

    async with listening(talk) as port:
        http = UpstreamHttp(f"http://127.0.0.1:{port}/", ssl.create_default_context(), most=2, deadline_s=0.4)
        await asyncio.gather(http.post({}, b"1"), http.post({}, b"2"))
        async with asyncio.timeout(20):
            with pytest.raises(TimeoutError):
                await asyncio.create_task(http.post({}, b"3"))
        http.close()
    assert asked_again == 1


async def test_those_who_wait_open_their_own_connection_where_one_is_lost() -> None:
    served = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        _, body = await heard(reader)
        if served > 2:
            writer.write(reply(body))

    async with listening(talk) as port:
        http = UpstreamHttp(f"http://127.0.0.1:{port}/", ssl.create_default_context(), most=1)
        outcomes = await asyncio.gather(*(http.post({}, each) for each in (b"1", b"2", b"3")), return_exceptions=True)
        http.close()
    assert [getattr(each, "body", None) for each in outcomes] == [None, None, b"3"]
    assert [type(each) for each in outcomes[:2]] == [BrokenReply, BrokenReply]


async def test_a_host_that_refuses_connections_is_asked_by_each_in_its_turn() -> None:
    async with listening(saying(b"")) as port:
        pass
    http = UpstreamHttp(f"http://127.0.0.1:{port}/", ssl.create_default_context(), most=2)
    outcomes = await asyncio.gather(*(http.post({}, b"") for _ in range(10)), return_exceptions=True)
    assert {type(each) for each in outcomes} == {ConnectionRefusedError}


async def test_a_host_that_is_not_trusted_gets_no_key(tmp_path: Path) -> None:
    heard_by_it: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard_by_it.append(await reader.read())

    async with listening(talk, Authority(tmp_path).server_context("localhost")) as port:
        http = UpstreamHttp(f"https://localhost:{port}/", ssl.create_default_context(), 1)
        with pytest.raises(ssl.SSLCertVerificationError):
            await http.post({"Authorization": "Bearer canary"}, b"{}")
    assert b"canary" not in b"".join(heard_by_it)


async def test_the_key_is_no_secret_to_give_out_and_not_repeated_in_an_error() -> None:
    key = Secret("0123456789canary")
    given_back = {"value": key.reveal(), "expires_at": int(time.time() + 60)}
    refused = {"error": {"message": f"no such api-key: {key.reveal()}"}}
    for status, body in ((200, given_back), (400, refused), (500, refused), (403, refused)):
        async with listening(saying(reply(json.dumps(body).encode(), status))) as port:
            place = Endpoint(f"http://127.0.0.1:{port}/v1", label="P")
            upstream = Upstream(place, key, 60, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            with pytest.raises(TransportError) as caught:
                await upstream.mint(SESSION)
            upstream.close()
        assert "canary" not in str(caught.value)
