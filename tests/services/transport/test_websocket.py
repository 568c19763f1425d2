from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.ports import Transport
from sentra_tui.services.transport.socket import server_sound
from sentra_tui.services.transport.websocket import WebSocketTransport
from tests.ready import ready
from tests.services.transport.lab_peer import loudest_hz, tone
from tests.services.transport.socket_peer import (
    CREATED,
    CREDENTIAL,
    UPDATED,
    SocketPeer,
    audio_done,
    created,
    delta,
    done,
    running_peer,
    spoken,
    transport_to,
    until,
)

Call = tuple[WebSocketTransport, SocketPeer]


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    async with running_peer() as peer:
        transport = transport_to(peer.port)
        await transport.connect(ready(CREDENTIAL))
        yield transport, peer
        await transport.close()


async def read(transport: WebSocketTransport, last: str) -> list[str]:
    """Return the types of what comes, up to the first message of type `last`."""
    types: list[str] = []
    async with asyncio.timeout(20):
        async for message in transport.messages():
            types.append(json.loads(message)["type"])
            if types[-1] == last:
                break
    return types


async def loss_of(transport: WebSocketTransport) -> TransportLost:
    with pytest.raises(TransportLost) as caught:
        async with asyncio.timeout(20):
            async for _ in transport.messages():
                pass
    return caught.value


def play(transport: WebSocketTransport, frames: int) -> bytes:
    return b"".join(transport.receive_audio() or b"" for _ in range(frames))


def test_it_is_a_transport() -> None:
    def as_port(transport: WebSocketTransport) -> Transport:
        return transport

    assert callable(as_port)
    assert not WebSocketTransport.server_truncates


async def test_what_was_heard_while_the_session_was_agreed_on_is_read_as_well(call: Call) -> None:
    transport, peer = call
    await peer.say('{"type":"last"}')
    assert await read(transport, "last") == ["session.created", "session.updated", "last"]


async def test_the_address_is_asked_for_with_its_query_and_the_headers_of_the_secret(call: Call) -> None:
    _, peer = call
    request = peer.requests[0]
    assert request.path == "/v1/realtime?model=lab"
    assert request.headers["Authorization"].startswith("Bearer sk-")
    assert request.headers["X-Project"] == "lab"
    assert "Sec-WebSocket-Extensions" not in request.headers


@pytest.mark.parametrize("beta", [False, True])
@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
async def test_an_answer_is_heard_and_told_of_as_over_webrtc(beta: bool, rate_hz: int) -> None:
    async with running_peer() as peer:
        transport = transport_to(peer.port, rate_hz=rate_hz)
        await transport.connect(ready(CREDENTIAL))
        await peer.say(*spoken("r1", b"".join(tone(700, n) for n in range(50)), rate_hz, beta=beta))
        audio_done_type = "response.audio.done" if beta else "response.output_audio.done"
        assert (await read(transport, "response.done"))[2:] == ["response.created", audio_done_type, "response.done"]
        sound = play(transport, 1)
        assert await read(transport, "output_audio_buffer.started") == ["output_audio_buffer.started"]
        sound += play(transport, 99)
        assert await read(transport, "output_audio_buffer.stopped") == ["output_audio_buffer.stopped"]
        assert len(sound) == pytest.approx(50 * FRAME_BYTES, abs=FRAME_BYTES)
        assert loudest_hz(sound[: 45 * FRAME_BYTES]) == pytest.approx(700, abs=10)
        await transport.close()


async def test_a_flush_in_the_middle_is_told_before_anything_that_was_not_read_yet(call: Call) -> None:
    transport, peer = call
    sound = b"".join(tone(700, n) for n in range(50))
    await peer.say(*spoken("r1", sound)[:-2], *spoken("r2", sound), '{"type":"last"}')
    await read(transport, "response.created")
    async with asyncio.timeout(20):
        async for message in transport.messages():
            if json.loads(message)["type"] == "response.created":
                break  # of the second: all sound of the first was taken
    assert play(transport, 3)
    assert await read(transport, "output_audio_buffer.started") == ["output_audio_buffer.started"]
    transport.flush_audio()
    assert (await read(transport, "output_audio_buffer.cleared")) == ["output_audio_buffer.cleared"]
    transport.receive_audio()
    rest = await read(transport, "last")
    assert "output_audio_buffer.started" not in rest


async def test_what_comes_late_of_a_flushed_answer_is_dropped_and_the_next_is_heard(call: Call) -> None:
    transport, peer = call
    first = spoken("r1", b"".join(tone(700, n) for n in range(50)))
    await peer.say(*first[:8], '{"type":"ping"}')
    await read(transport, "ping")
    assert play(transport, 3)
    transport.flush_audio()
    await peer.say(*first[8:], '{"type":"ping"}')
    await read(transport, "ping")
    assert play(transport, 10) == b""
    await peer.say(*spoken("r2", b"".join(tone(1_500, n) for n in range(50))))
    await read(transport, "response.done")
    assert loudest_hz(play(transport, 100)[:48_000]) == pytest.approx(1_500, abs=15)


async def test_clearing_the_output_buffer_is_done_here_and_not_asked_of_the_server(call: Call) -> None:
    transport, peer = call
    await peer.say(*spoken("r1", b"".join(tone(700, n) for n in range(50))))
    await read(transport, "response.done")
    assert play(transport, 3)
    transport.send('{"type":"output_audio_buffer.clear","event_id":"e1"}')
    transport.send('{"type":"ping"}')
    assert "output_audio_buffer.cleared" in await read(transport, "ping")
    assert play(transport, 3) == b""
    assert "output_audio_buffer.clear" not in peer.types


async def test_a_server_that_tells_of_an_output_buffer_of_its_own_is_not_believed(call: Call) -> None:
    transport, peer = call
    await peer.say('{"type":"output_audio_buffer.started","response_id":"r"}', '{"type":"last"}')
    assert "output_audio_buffer.started" not in await read(transport, "last")


@pytest.mark.parametrize(
    "message",
    [
        "no JSON",
        "[]",
        '{"type":7}',
        '{"type":"response.created","response":null}',
        '{"type":"response.output_audio.delta","delta":7}',
        '{"type":"response.done","response":{"id":{}}}',
    ],
)
async def test_what_cannot_be_read_is_passed_on_as_it_is(call: Call, message: str) -> None:
    transport, peer = call
    await peer.say(message)
    async with asyncio.timeout(20):
        messages = [text async for text in _first(transport, 3)]
    assert messages == [CREATED, UPDATED, message]


async def _first(transport: WebSocketTransport, count: int) -> AsyncIterator[str]:
    async for message in transport.messages():
        yield message
        count -= 1
        if not count:
            return


async def test_a_delta_that_is_no_base64_is_no_sound(call: Call) -> None:
    transport, peer = call
    await peer.say(
        created("r1"),
        '{"type":"response.output_audio.delta","response_id":"r1","delta":"&&&=a"}',
        '{"type":"response.output_audio.delta","response_id":"r1","delta":null}',
        delta("r1", bytes(9_600)),
        audio_done("r1"),
        done("r1"),
    )
    await read(transport, "response.done")
    assert len(play(transport, 20)) == pytest.approx(10 * FRAME_BYTES, abs=FRAME_BYTES)


async def test_binary_messages_are_read_as_text(call: Call) -> None:
    transport, peer = call
    await peer.say(b'{"type":"binary"}', b"\xff")
    assert "binary" in await read(transport, "binary")
    assert [message async for message in _first(transport, 1)] == ["\ufffd"]


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
async def test_sound_goes_out_as_appends_of_20_ms_at_the_servers_rate(rate_hz: int) -> None:
    async with running_peer() as peer:
        transport = transport_to(peer.port, rate_hz=rate_hz)
        await transport.connect(ready(CREDENTIAL))
        for index in range(50):
            transport.send_audio(tone(440, index))
        await until(lambda: len(peer.messages) == 51)
        assert peer.types == ["session.update", *["input_audio_buffer.append"] * 50]
        samples = np.frombuffer(peer.heard, "<i2")
        assert samples.size == pytest.approx(rate_hz, rel=0.01)
        assert loudest_hz(peer.heard) * rate_hz / SAMPLE_RATE_HZ == pytest.approx(440, abs=5)
        await transport.close()


async def test_a_turn_is_committed_behind_all_of_its_sound(call: Call) -> None:
    transport, peer = call
    for index in range(3):
        transport.send_audio(tone(440, index))
    transport.send('{"type":"input_audio_buffer.commit"}')
    transport.send_audio(SILENCE)
    transport.send('{"type":"response.create"}')
    await until(lambda: len(peer.messages) == 7)
    append = "input_audio_buffer.append"
    assert peer.types[1:] == [append, append, append, "input_audio_buffer.commit", append, "response.create"]


async def test_clearing_the_turn_takes_back_its_sound_and_not_that_of_the_turn_before(call: Call) -> None:
    transport, peer = call
    for message in ("commit", "clear"):
        for index in range(9):
            transport.send_audio(tone(440, index))
        transport.send('{"type":"conversation.item.create"}')
        transport.send(f'{{"type":"input_audio_buffer.{message}"}}')
    transport.send('{"type":"ping"}')
    await until(lambda: "ping" in peer.types)
    assert peer.types.count("input_audio_buffer.append") == 9
    rest = ["conversation.item.create", "input_audio_buffer.commit", "conversation.item.create"]
    assert peer.types[-5:] == [*rest, "input_audio_buffer.clear", "ping"]


async def test_a_network_that_takes_no_sound_ends_the_call(call: Call) -> None:
    transport, _ = call
    for index in range(600):
        transport.send_audio(tone(440, index))
    assert "has not taken 10 s of sound" in str(await loss_of(transport))


async def test_a_peer_that_reads_nothing_is_hung_up_on_all_the_same(call: Call) -> None:
    transport, peer = call
    assert peer.connection is not None
    peer.connection.transport.pause_reading()
    for _ in range(8):
        transport.send("x" * 1_000_000)
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await transport.close()
    peer.connection.transport.abort()


async def test_sound_that_nobody_asks_for_is_not_kept(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    transport, peer = call
    monkeypatch.setattr(server_sound, "UNHEARD_S", 0.0)
    sound = b"".join(tone(700, n) for n in range(50))
    for response_id in ("r1", "r2", "r3"):
        await peer.say(*spoken(response_id, sound))
        await read(transport, "response.done")
        await asyncio.sleep(0.01)
    assert transport.receive_audio() is None
    assert (await transport.quality()).playout_ms == 0


async def test_more_sound_than_anybody_could_want_ends_the_call(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    transport, peer = call
    monkeypatch.setattr(server_sound, "MAX_WAITING_MS", 500)
    await peer.say(*spoken("r1", b"".join(tone(700, n) for n in range(50))))
    assert "more sound than can be played" in str(await loss_of(transport))


@pytest.mark.row(22)
async def test_a_message_that_is_too_large_ends_the_call(call: Call) -> None:
    transport, peer = call
    await peer.say("x" * (16 * 1024 * 1024 + 1))
    assert "too large" in str(await loss_of(transport))


@pytest.mark.row(22)
async def test_more_messages_than_are_read_end_the_call(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    transport, peer = call
    monkeypatch.setattr("sentra_tui.services.transport.socket.inbox.MAX_MESSAGES", 20)
    await peer.say(*["{}"] * 30)
    await asyncio.sleep(0.1)
    assert "more messages" in str(await loss_of(transport))


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (1001, "session_expired", "Lab closed the call (1001: session_expired)."),
        (1000, "", "Lab closed the call (1000)."),
        (1008, "session_limit\x1b]0;x\x07", "Lab closed the call (1008: session_limit␛]0;x␇)."),
        (4001, "bad key sk-canary-5f3a", "Lab closed the call (4001: bad key …)."),
    ],
)
async def test_a_call_that_the_server_closes_ends_with_its_reason(
    call: Call, code: int, reason: str, words: str
) -> None:
    transport, peer = call
    assert peer.connection is not None
    await peer.connection.close(code, reason)
    assert (await loss_of(transport)).message == words


async def test_a_connection_that_breaks_is_lost(call: Call) -> None:
    transport, peer = call
    assert peer.connection is not None
    peer.connection.transport.abort()
    assert "broke" in str(await loss_of(transport))


async def test_a_peer_that_vanishes_is_heard_no_more_and_answers_no_more(call: Call) -> None:
    transport, peer = call
    assert peer.connection is not None
    await until(lambda: transport.answer_age_s() is not None)
    peer.connection.transport.pause_reading()  # so that no pong comes
    reading = asyncio.create_task(loss_of(transport))
    await until(lambda: transport.contact_age_s() > 2 and (transport.answer_age_s() or 0) > 2)
    assert not reading.done()
    peer.connection.transport.resume_reading()
    await until(lambda: transport.contact_age_s() < 1 and (transport.answer_age_s() or 9) < 1)
    await transport.close()
    assert "closed" in str(await reading)


async def test_what_the_peer_says_is_no_answer(call: Call) -> None:
    transport, peer = call
    assert peer.connection is not None
    await until(lambda: transport.answer_age_s() is not None)
    peer.connection.transport.pause_reading()
    async with asyncio.timeout(20):
        while (transport.answer_age_s() or 0) < 1:
            await peer.say('{"type":"still.here"}')
            await asyncio.sleep(0.05)
    assert transport.contact_age_s() < (transport.answer_age_s() or 0)
    peer.connection.transport.resume_reading()


async def test_silence_on_both_sides_is_no_loss(call: Call) -> None:
    transport, _ = call
    reading = asyncio.create_task(loss_of(transport))
    await asyncio.sleep(3)
    assert not reading.done()
    assert (await transport.quality()).round_trip_ms is not None
    assert transport.contact_age_s() < 2
    assert (transport.answer_age_s() or 9) < 2
    assert transport.take_losses() == ()
    await transport.close()
    assert "closed" in str(await reading)


async def test_before_a_ping_is_answered_nothing_is_known_of_answers() -> None:
    assert transport_to(1).answer_age_s() is None


async def test_nothing_in_the_log_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_peer() as peer:
        transport = transport_to(peer.port)
        await transport.connect(ready(CREDENTIAL))
        transport.send('{"type":"ping"}')
        await read(transport, "ping")
        await transport.close()
    ours = [record for record in caplog.records if record.name != "websockets.server"]
    assert not [record for record in ours if "sk-canary" in record.getMessage()]
    assert "sk-canary" not in repr(vars(transport))
