"""What a session does is the same over every carrier and in both dialects."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sentra_tui.domain.audio import FULL_SCALE
from sentra_tui.provider.faults import Plan, SessionFault
from sentra_tui.provider.server import ProviderStarted
from sentra_tui.provider.voice import synthesize
from tests.provider.client import REALTIME, TRANSCRIPTION, Client, calling, providing, until
from tests.provider.socket_client import SocketClient, talking
from tests.provider.test_session import user_text

CARRIERS = ("webrtc", "websocket", "webrtc beta", "websocket beta")
SPOKEN = {**REALTIME, "output_modalities": ["audio"]}
DEMO = {"input": {"transcription": {"model": "pocketsphinx-demo"}}}

OLD_MODEL = "gpt-realtime"
"""The official types of the beta allow no model that they do not know."""

BOTH = Plan(dialects=["ga", "beta"])

AnyClient = Client | SocketClient


@pytest.fixture(params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_spoken_question_is_written_down_and_answered_aloud(carrier: str) -> None:
    async with providing(BOTH) as started, connected(carrier, started, {**SPOKEN, "audio": DEMO}) as client:
        await client.play(*synthesize("Where do most of the slow requests come from?"))
        await client.stay_silent(1.0)
        completed = await client.next("conversation.item.input_audio_transcription.completed")
        done = (await client.next("response.done"))["response"]
        await until(lambda: client.loudest > FULL_SCALE * 0.03)
    assert "slow requests" in completed["transcript"]
    assert "p99" in done["output"][0]["content"][0]["transcript"]
    assert client.kinds().index("input_audio_buffer.speech_stopped") < client.kinds().index("response.created")


async def test_a_typed_question_is_answered_in_writing(carrier: str) -> None:
    async with providing(BOTH) as started, connected(carrier, started, REALTIME) as client:
        client.send("conversation.item.create", item=user_text("What does a write-through cache cost?"))
        client.send("response.create", response={"metadata": {"topic": "caches"}})
        done = (await client.next("response.done"))["response"]
    deltas = "".join(event["delta"] for event in client.events if event["type"] == "response.output_text.delta")
    assert "write-through" in deltas.lower()
    assert done["output"][0]["content"][0]["text"] == deltas
    assert done["metadata"] == {"topic": "caches"}
    assert done.get("modalities", done.get("output_modalities")) == ["text"]


async def test_speech_cancels_an_answer_under_way(carrier: str) -> None:
    plan = Plan(sessions=[SessionFault(silent_answers=True)], dialects=["ga", "beta"])
    async with providing(plan) as started, connected(carrier, started, SPOKEN) as client:
        client.send("response.create")
        await client.next("response.created")
        await client.play(*synthesize("Stop. I have another question."))
        await client.next("input_audio_buffer.speech_started")
        details = (await client.next("response.done"))["response"]["status_details"]
    assert details == {"type": "cancelled", "reason": "turn_detected"}


async def test_an_answer_that_was_cut_off_keeps_what_was_heard(carrier: str) -> None:
    async with providing(BOTH) as started, connected(carrier, started, SPOKEN) as client:
        client.send("conversation.item.create", item=user_text("who are you"))
        client.send("response.create")
        item = (await client.next("response.done"))["response"]["output"][0]
        whole = item["content"][0]["transcript"]
        client.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=3_600_000)
        assert (await client.next("error"))["error"]["code"] == "invalid_value"
        client.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=700)
        await client.next("conversation.item.truncated")
        client.send("conversation.item.retrieve", item_id=item["id"])
        heard = (await client.next("conversation.item.retrieved"))["item"]["content"][0]["transcript"]
    assert 0 < len(heard) < len(whole)
    assert whole.startswith(heard)


async def test_a_session_ends_with_the_documented_error(carrier: str) -> None:
    plan = Plan(sessions=[SessionFault(expire_after_s=0.5)], dialects=["ga", "beta"])
    async with providing(plan) as started, connected(carrier, started, REALTIME) as client:
        assert (await client.next("error"))["error"]["code"] == "session_expired"
        await until(client.closed.is_set)
        if isinstance(client, SocketClient):
            assert client.close_code == aiohttp.WSCloseCode.GOING_AWAY


async def test_nonsense_is_answered_with_an_error_each(carrier: str) -> None:
    async with providing(BOTH) as started, connected(carrier, started, REALTIME) as client:
        for message, code in (
            ("{", "invalid_json"),
            ("[]", "invalid_event"),
            ('{"type": "invented"}', "invalid_value"),
            ('{"type": "session.update"}', "invalid_value"),
            ('{"type": "input_audio_buffer.commit"}', "input_audio_buffer_commit_empty"),
            ('{"type": "conversation.item.create", "item": {"type": "message", "content": [1]}}', "invalid_value"),
            ('{"type": "response.create", "response": {"input": [{"content": [{"type": []}]}]}}', "invalid_value"),
        ):
            client.send_text(message)
            assert (await client.next("error"))["error"]["code"] == code


@pytest.mark.parametrize("beta", [False, True])
async def test_a_transcription_session_writes_down_and_never_answers(beta: bool) -> None:
    async with providing(BOTH) as started, talking(started, {**TRANSCRIPTION, "audio": DEMO}, beta=beta) as client:
        await client.play(*synthesize("Good morning."))
        await client.stay_silent(1.0)
        completed = await client.next("conversation.item.input_audio_transcription.completed")
        client.send("response.create")
        assert (await client.next("error"))["error"]["code"] == "invalid_value"
    assert "good morning" in completed["transcript"]


@contextlib.asynccontextmanager
async def connected(carrier: str, started: ProviderStarted, session: dict[str, Any]) -> AsyncIterator[AnyClient]:
    """Have this session over a carrier, in the GA or the beta dialect."""
    if carrier.endswith("beta"):
        session = {**session, "model": OLD_MODEL}
    if carrier == "webrtc":
        async with calling(started, session) as client:
            yield client
    elif carrier == "webrtc beta":
        async with calling_in_beta(started, session) as client:
            yield client
    else:
        async with talking(started, session, beta=carrier.endswith("beta")) as socket_client:
            yield socket_client


@contextlib.asynccontextmanager
async def calling_in_beta(
    started: ProviderStarted, session: dict[str, Any], *, strict: bool = True
) -> AsyncIterator[Client]:
    """Call as the beta has it: the model in the query, the rest of the session once the channel is open."""
    client = Client(strict, beta=True)
    try:
        url = f"{started.base_url}/realtime?model={session['model']}"
        headers = {"Authorization": f"Bearer {started.api_key}", "Content-Type": "application/sdp"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, data=(await client.offer()).encode(), headers=headers) as response,
        ):
            assert response.status == 200
            await client.accept(await response.text())
        await client.next("session.created")
        client.send("session.update", session=session)
        await client.next("session.updated")
        yield client
    finally:
        await client.close()
