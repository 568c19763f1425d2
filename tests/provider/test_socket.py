from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sentra_tui.domain.audio import FULL_SCALE
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.faults import Plan, RequestFault, ScriptedMessage, SessionFault
from sentra_tui.provider.realtime.socket_call import MAX_MESSAGE_BYTES
from sentra_tui.provider.server import ProviderStarted
from sentra_tui.provider.voice import synthesize
from tests.provider.client import REALTIME, mint, providing, status, until
from tests.provider.socket_client import RATE_HZ, SocketClient, talking
from tests.provider.test_session import user_text

SPOKEN = {**REALTIME, "output_modalities": ["audio"]}
HASTY = aiohttp.ClientWSTimeout(ws_close=0.1)


async def test_a_spoken_answer_comes_in_messages_and_faster_than_it_sounds(started: ProviderStarted) -> None:
    async with talking(started, SPOKEN) as client:
        client.send("conversation.item.create", item=user_text("who are you"))
        client.send("response.create")
        done = (await client.next("response.done"))["response"]
        assert await status(started)
    kinds = client.kinds()
    assert kinds.index("response.output_audio.delta") < kinds.index("response.output_audio.done")
    assert not [kind for kind in kinds if kind.startswith("output_audio_buffer.")]
    assert client.loudest > FULL_SCALE * 0.03
    seconds = len(client.sound) / 2 / RATE_HZ
    assert done["usage"]["output_token_details"]["audio_tokens"] == pytest.approx(seconds * 20, abs=2)
    await until(lambda: gone(started))


async def test_a_question_sent_at_once_and_committed_is_heard_to_its_end(started: ProviderStarted) -> None:
    audio = {"input": {"transcription": {"model": "pocketsphinx-demo"}, "turn_detection": None}}
    async with talking(started, {**REALTIME, "audio": audio}) as client:
        await client.play(*synthesize("Where do most of the slow requests come from?"))
        client.send("input_audio_buffer.commit")
        client.send("response.create")
        completed = await client.next("conversation.item.input_audio_transcription.completed")
        done = (await client.next("response.done"))["response"]
    assert "slow requests" in completed["transcript"]
    assert "p99" in done["output"][0]["content"][0]["text"]


async def test_a_client_secret_opens_the_session_that_it_was_minted_for(started: ProviderStarted) -> None:
    secret = await mint(started, {**REALTIME, "instructions": "Be brief."})
    client = SocketClient()
    await client.dial(started, "", key=secret)
    session = (await client.next("session.created"))["session"]
    await client.close()
    assert session["instructions"] == "Be brief."


async def test_a_wrong_key_is_refused_at_the_handshake(started: ProviderStarted) -> None:
    client = SocketClient()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.dial(started, "?model=sentra-local", key="sk-wrong")
    await client.close()
    assert refusal.value.status == 401


async def gone(started: ProviderStarted) -> bool:
    return await status(started) == []


async def test_another_rate_is_taken_and_given_where_the_session_says_so(started: ProviderStarted) -> None:
    sound = {"format": {"type": "audio/pcm", "rate": 16_000}}
    heard = {**sound, "transcription": {"model": "pocketsphinx-demo"}, "turn_detection": None}
    session = {**SPOKEN, "audio": {"input": heard, "output": sound}}
    async with talking(started, session, strict=False) as client:  # at OpenAI there is one rate only
        pcm, rate_hz = synthesize("Good morning.")
        resampler = Resampler(rate_hz, 16_000)
        client.send("input_audio_buffer.append", audio=base64.b64encode(resampler.feed(pcm)).decode())
        client.send("input_audio_buffer.commit")
        completed = await client.next("conversation.item.input_audio_transcription.completed")
        client.send("response.create")
        done = (await client.next("response.done"))["response"]
    assert "good morning" in completed["transcript"]
    assert done["audio"]["output"]["format"]["rate"] == 16_000
    seconds = done["usage"]["output_token_details"]["audio_tokens"] / 20
    assert len(client.sound) / 2 / 16_000 == pytest.approx(seconds, abs=0.1)


async def test_exactly_as_much_sound_as_a_turn_needs_can_be_committed(started: ProviderStarted) -> None:
    audio = {"input": {"turn_detection": None}}
    async with talking(started, {**REALTIME, "audio": audio}) as client:
        client.send("input_audio_buffer.append", audio=base64.b64encode(bytes(RATE_HZ // 10 * 2)).decode())
        client.send("input_audio_buffer.commit")
        await client.next("input_audio_buffer.committed")
        client.send("input_audio_buffer.append", audio=base64.b64encode(bytes(RATE_HZ // 20 * 2)).decode())
        client.send("input_audio_buffer.commit")
        assert (await client.next("error"))["error"]["code"] == "input_audio_buffer_commit_empty"


async def test_what_makes_no_sense_over_a_socket_is_an_error(started: ProviderStarted) -> None:
    async with talking(started, SPOKEN) as client:
        client.send("output_audio_buffer.clear", event_id="event_mine")
        error = (await client.next("error"))["error"]
        assert (error["code"], error["event_id"]) == ("invalid_event_for_transport", "event_mine")
        client.send("input_audio_buffer.append", audio="no base64!")
        assert (await client.next("error"))["error"]["code"] == "invalid_value"
        client.send("session.update", session={**SPOKEN, "audio": {"input": {"format": {"type": "audio/pcmu"}}}})
        await client.next("session.updated")
        client.send("input_audio_buffer.append", audio=base64.b64encode(bytes(960)).decode())
        assert (await client.next("error"))["error"]["param"] == "audio"


async def test_a_message_of_sixteen_mebibytes_is_too_much(started: ProviderStarted) -> None:
    async with talking(started) as client:
        client.send_text("x" * (MAX_MESSAGE_BYTES + 1))
        await until(client.closed.is_set)
        assert client.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await until(lambda: gone(started))


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [
        ("", {}, "missing_model"),
        ("?intent=transcription&model=gpt-realtime", {}, "invalid_model"),
        ("?model=gpt-realtime", {"OpenAI-Beta": "realtime=v1"}, "beta_api_shape_disabled"),
    ],
)
async def test_a_session_that_cannot_be_is_refused_on_the_open_socket(
    started: ProviderStarted, query: str, headers: dict[str, str], code: str
) -> None:
    async with dialled(started, query, headers=headers) as client:
        assert (await client.next("error"))["error"]["code"] == code
        await until(client.closed.is_set)
        assert (client.close_code, client.kinds()) == (4000, ["error"])


async def test_a_key_may_be_refused_late() -> None:
    async with providing(Plan(late_refusals=True)) as started, dialled(started, key="sk-wrong") as client:
        assert (await client.next("error"))["error"]["code"] == "invalid_api_key"
        await until(client.closed.is_set)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (RequestFault(status=503), 503),
        (RequestFault(status=407), 407),
        (RequestFault(status=404, code="model_not_found"), 404),
        (RequestFault(web_page=True), 200),
        (RequestFault(web_page=True, status=511), 511),
    ],
)
async def test_a_handshake_fails_as_planned(fault: RequestFault, expected: int) -> None:
    async with providing(Plan(sockets=[fault])) as started:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            async with dialled(started):
                pass
    assert refusal.value.status == expected


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (SessionFault(close_call_after_s=0.3, close_code=1013, close_reason="try again later"), 1013),
        (SessionFault(close_channel_after_s=0.0), 1000),
        (SessionFault(close_call_after_s=0.3, close_code=1006), 1006),
    ],
)
async def test_a_socket_is_closed_as_planned(fault: SessionFault, code: int) -> None:
    async with providing(Plan(sessions=[fault])) as started, dialled(started) as client:
        await until(client.closed.is_set)
        assert client.close_code == code


async def test_a_socket_may_open_and_never_speak() -> None:
    async with providing(Plan(sessions=[SessionFault(freeze_after_s=0)])) as started, dialled(started) as client:
        client.send("response.cancel")
        await asyncio.sleep(0.3)
        assert client.kinds() == []
        assert not client.closed.is_set()


async def test_a_deaf_socket_answers_no_ping() -> None:
    plan = Plan(sessions=[SessionFault(deaf_after_s=0, numbers=[2])])
    async with providing(plan) as started, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {started.api_key}"}
        for heard in (True, False):
            async with http.ws_connect(
                f"{started.base_url}/realtime?model=m", headers=headers, autoping=False, timeout=HASTY
            ) as socket:
                await socket.receive_str()
                await asyncio.sleep(0.1)
                await socket.ping()
                with contextlib.nullcontext() if heard else pytest.raises(TimeoutError):
                    assert (await socket.receive(timeout=0.5)).type is aiohttp.WSMsgType.PONG


@pytest.mark.parametrize(
    "greeting",
    [
        ScriptedMessage(event={"type": "error", "error": {"code": "insufficient_quota", "message": "No credit."}}),
        ScriptedMessage(event={"type": "invented"}),
    ],
)
async def test_the_first_word_is_what_the_plan_says(greeting: ScriptedMessage) -> None:
    plan = Plan(sessions=[SessionFault(greeting=greeting)])
    async with providing(plan) as started, dialled(started, strict=False) as client:
        await until(lambda: client.events)
        assert client.events == [greeting.event]


async def test_garbage_and_half_messages_are_sent_as_they_are() -> None:
    greeting = ScriptedMessage(text='{"type": "session.crea')
    plan = Plan(sessions=[SessionFault(greeting=greeting, messages=[ScriptedMessage(text="\x00<garbage>")])])
    headers = {}
    async with providing(plan) as started, aiohttp.ClientSession() as http:
        headers["Authorization"] = f"Bearer {started.api_key}"
        async with http.ws_connect(f"{started.base_url}/realtime?model=m", headers=headers) as socket:
            assert await socket.receive_str() == greeting.text
            assert await socket.receive_str() == "\x00<garbage>"


async def test_sockets_end_with_the_provider() -> None:
    async with providing(Plan()) as started:
        client = SocketClient()
        await client.dial(started, "?model=sentra-local")
        await client.next("session.created")
    await until(client.closed.is_set)
    assert client.close_code == aiohttp.WSCloseCode.GOING_AWAY
    await client.close()


@contextlib.asynccontextmanager
async def dialled(
    started: ProviderStarted, query: str = "?model=sentra-local", *, strict: bool = True, **how: Any
) -> AsyncIterator[SocketClient]:
    """Open a socket, and close it at the end."""
    client = SocketClient(strict)
    try:
        await client.dial(started, query, **how)
        yield client
    finally:
        await client.close()
