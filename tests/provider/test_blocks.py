"""Coded sound through the provider: every number is written down once, in order, by every road."""

from __future__ import annotations

import io
import wave

import aiohttp

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.config import BLOCKS_TRANSCRIPTION_MODEL
from sentra_tui.media.coded_sound import talk, words
from sentra_tui.provider.faults import Plan, SessionFault
from sentra_tui.provider.server import ProviderStarted
from tests.provider.client import EventLog, calling, providing
from tests.provider.socket_client import talking

BLOCKS = {"type": "transcription", "audio": {"input": {"transcription": {"model": BLOCKS_TRANSCRIPTION_MODEL}}}}
COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"


async def transcripts(client: EventLog, count: int) -> list[str]:
    return [(await client.next(COMPLETED))["transcript"] for _ in range(count)]


async def test_a_webrtc_call_writes_down_every_number_once(started: ProviderStarted) -> None:
    async with calling(started, BLOCKS) as client:
        await client.play(talk(40, 2, blocks=12), SAMPLE_RATE_HZ)
        assert await transcripts(client, 2) == [words(range(40, 52)), words(range(52, 64))]
    told = "".join(event["delta"] for event in client.events if event["type"] == DELTA)
    assert len(told.split()) >= 16


async def test_a_socket_writes_down_every_number_once(started: ProviderStarted) -> None:
    async with talking(started, BLOCKS) as client:
        await client.play(talk(5000, 3), SAMPLE_RATE_HZ)
        said = await transcripts(client, 3)
    assert " ".join(said) == words(range(5000, 5075))


async def test_a_recording_is_written_down_number_by_number(started: ProviderStarted) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        writer.writeframes(talk(300, 2, blocks=30))
    form = aiohttp.FormData({"model": BLOCKS_TRANSCRIPTION_MODEL})
    form.add_field("file", file.getvalue(), filename="talk.wav")
    headers = {"Authorization": f"Bearer {started.api_key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{started.base_url}/audio/transcriptions", data=form) as response,
    ):
        assert (await response.json())["text"] == words(range(300, 360))


async def test_late_transcripts_come_after_the_answer() -> None:
    session = {**BLOCKS, "type": "realtime", "model": "sentra-local", "output_modalities": ["text"]}
    plan = Plan(sessions=[SessionFault(late_transcripts_s=1.5)])
    async with providing(plan) as started, talking(started, session) as client:
        await client.play(talk(10, 1, blocks=8), SAMPLE_RATE_HZ)
        assert await transcripts(client, 1) == [words(range(10, 18))]
    kinds = client.kinds()
    assert kinds.index("response.done") < kinds.index(COMPLETED)
    assert DELTA not in kinds
