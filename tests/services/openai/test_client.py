import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sentra_tui.domain.errors import OutcomeUnknown, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.reply import MAX_REPLY_BYTES
from sentra_tui.services.openai.sse import MAX_EVENT_BYTES
from sentra_tui.services.openai.status import refusal
from tests.services.openai.peer import Peer

KEY = Secret("sk-proj-0123456789abcdefKEY")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"


@contextlib.asynccontextmanager
async def raw_server(reply: bytes) -> AsyncIterator[ApiClient]:
    """Serve these bytes to whoever asks, and hang up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    client = ApiClient(Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"))
    try:
        yield client
    finally:
        await client.close()
        server.close()


async def failure(request: Callable[[], Awaitable[object]]) -> TransportError:
    with pytest.raises(TransportError) as caught:
        await request()
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert KEY.reveal() not in shown
    return caught.value


async def all_events(client: ApiClient) -> list[str]:
    async with await client.stream("GET", "/x", KEY) as stream:
        return [event.data async for event in stream]


async def test_each_method_carries_the_key_and_gets_the_whole_reply(peer: Peer) -> None:
    peer.answer("/x", 418, b"short and stout")
    for method, request in {"GET": peer.client.get, "POST": peer.client.post, "DELETE": peer.client.delete}.items():
        reply = await request("/x", KEY, params={"a": "b"})
        assert (reply.status, reply.text) == (418, "short and stout")
        asked = peer.asked[-1]
        assert (asked.method, asked.query) == (method, {"a": "b"})
        assert asked.headers["Authorization"] == f"Bearer {KEY.reveal()}"


async def test_without_a_connection_nothing_was_sent() -> None:
    async with raw_server(b"") as gone:
        pass
    client = ApiClient(gone.endpoint)
    for request in (client.get, client.post, client.delete):
        assert type(await failure(lambda request=request: request("/x", KEY))) is TransportLost  # type: ignore[misc]
    assert type(await failure(lambda: client.stream("POST", "/x", KEY))) is TransportLost
    await client.close()


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"])
async def test_what_was_posted_and_got_no_whole_reply_may_have_happened(reply: bytes) -> None:
    async with raw_server(reply) as client:
        assert type(await failure(lambda: client.post("/x", KEY))) is OutcomeUnknown
        assert type(await failure(lambda: client.get("/x", KEY))) is TransportLost
        assert type(await failure(lambda: client.delete("/x", KEY))) is TransportLost


async def test_events_are_read_as_they_come(peer: Peer) -> None:
    peer.answer("/x", 200, "data: one\n\ndata: two\n\n", Content_Type="text/event-stream")
    assert await all_events(peer.client) == ["one", "two"]


async def test_a_stream_that_is_refused_is_read_whole(peer: Peer) -> None:
    peer.answer("/x", 429, '{"error": {}}', Content_Type="application/json")
    stream = await peer.client.stream("POST", "/x", KEY, json={"stream": True})
    assert (stream.status, stream.is_events) == (429, False)
    assert (await stream.read()).json() == {"error": {}}


async def test_a_stream_that_breaks_off_says_so() -> None:
    chunk = b"Transfer-Encoding: chunked\r\n\r\nb\r\ndata: one\n\n\r\n"
    async with raw_server(HEAD + chunk) as client:
        assert "broke" in (await failure(lambda: all_events(client))).message


async def test_a_silent_stream_is_given_up() -> None:
    silent = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"\r\ndata: one\n\n")
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    client = ApiClient(Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"))
    stream = await client.stream("POST", "/x", KEY, silence_s=0.1)
    async with stream:
        assert (await anext(stream)).data == "one"
        assert type(await failure(lambda: anext(stream))) is OutcomeUnknown
    silent.set()
    await client.close()
    server.close()


async def test_a_stream_left_early_is_closed(peer: Peer) -> None:
    peer.answer("/x", 200, "data: one\n\n" * 10_000, Content_Type="text/event-stream")
    async with await peer.client.stream("GET", "/x", KEY) as stream:
        assert (await anext(stream)).data == "one"
    await stream.close()
    assert await all_events(peer.client) == ["one"] * 10_000


@pytest.mark.parametrize("end", ["", "\n"], ids=["in one line", "in many lines"])
async def test_an_endless_event_is_refused(end: str) -> None:
    line = f"data: {'x' * 1000}{end}".encode()
    async with raw_server(HEAD + b"\r\n" + line * (MAX_EVENT_BYTES // 1000)) as client:
        assert type(await failure(lambda: all_events(client))) is TransportRefused


async def test_a_packed_reply_is_not_unpacked(peer: Peer) -> None:
    peer.answer("/x", 200, b"\x1f\x8b" + b"\0" * 20, Content_Type="application/json", Content_Encoding="gzip")
    reply = await peer.client.get("/x", KEY)
    assert reply.json() is None
    assert peer.asked[0].headers["Accept-Encoding"] == "identity"


async def test_an_endless_reply_is_refused(peer: Peer) -> None:
    peer.answer("/x", 200, b"a" * (MAX_REPLY_BYTES + 1))
    assert "too large" in (await failure(lambda: peer.client.get("/x", KEY))).message


async def test_a_key_of_any_form_that_an_error_repeats_is_taken_out(peer: Peer) -> None:
    key = Secret("0123456789canary")
    peer.answer("/x", 400, f'{{"error": {{"message": "your api-key {key.reveal()} is odd"}}}}')
    for reply in (await peer.client.post("/x", key), await (await peer.client.stream("POST", "/x", key)).read()):
        assert refusal(reply, peer.client.endpoint).message.endswith(": your api-key … is odd.")
