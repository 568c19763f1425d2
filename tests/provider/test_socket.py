from __future__ import annotations

import aiohttp
import pytest

from sentra_tui.domain.audio import FULL_SCALE
from sentra_tui.provider.server import ProviderStarted
from sentra_tui.provider.voice import synthesize
from tests.provider.client import REALTIME, mint, status, until
from tests.provider.socket_client import RATE_HZ, SocketClient, talking
from tests.provider.test_session import user_text

SPOKEN = {**REALTIME, "output_modalities": ["audio"]}


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
