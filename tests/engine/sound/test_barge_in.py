"""A spoken answer cut short over a slow network: real media, the local provider, a private sound server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import numpy as np
import pytest

from sentra_tui.domain.ports import Credential, SdpAnswer
from sentra_tui.domain.provider_config import shipped_providers
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.playback import Playback
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.provider.relay import UdpRelay, strip_candidates
from sentra_tui.provider.server import ProviderOptions, serving
from sentra_tui.services.audio.playback import SpeakerSink
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import endpoint
from sentra_tui.services.openai.signalling.realtime_http import RealtimeHttp
from sentra_tui.services.openai.tokens import ApiKeyTokens
from sentra_tui.services.transport.webrtc import WebRtcTransport
from tests.pulse import PulseRecording, PulseServer

ONE_WAY_S = 0.1
LONG_QUESTION = "What is a write-through cache?"
SHORT_QUESTION = "Thanks."
SESSION = {"type": "realtime", "model": "sentra-local", "output_modalities": ["audio"]}
TOLERANCE = 48 * 80
"""In samples: what opens a recording late, and what the codec leaves at an edge."""


class FarAway:
    """Signalling that puts a relay into the path of the call."""

    def __init__(self, near: RealtimeHttp, relay: UdpRelay) -> None:
        self._near = near
        self._relay = relay

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        answer = await self._near.offer(strip_candidates(sdp), credential)
        return SdpAnswer(await self._relay.rewrite(answer.sdp), answer.call_id)

    async def hang_up(self, call_id: str, credential: Credential) -> None:
        await self._near.hang_up(call_id, credential)


class Talk:
    """A call with a playback behind it, driven as the session drives them."""

    def __init__(self, transport: WebRtcTransport, playback: Playback) -> None:
        self.playback = playback
        self.events: list[dict[str, Any]] = []
        self._transport = transport
        self._arrived = asyncio.Event()

    async def listen(self) -> None:
        async for message in self._transport.messages():
            event = json.loads(message)
            self.events.append(event)
            if event["type"] == "output_audio_buffer.started":
                self.playback.answer_began()
            self._arrived.set()

    def send(self, kind: str, **fields: Any) -> None:
        self._transport.send(json.dumps({"type": kind, **fields}))

    def ask(self, text: str) -> None:
        content = [{"type": "input_text", "text": text}]
        self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        self.send("response.create")

    def cancel(self) -> None:
        self.playback.flush()
        self.send("response.cancel")
        self.send("output_audio_buffer.clear")

    async def until(self, kind: str, count: int) -> None:
        """Wait until there were so many events of this type."""
        async with asyncio.timeout(20):
            while sum(event["type"] == kind for event in self.events) < count:
                self._arrived.clear()
                await self._arrived.wait()


@pytest.fixture
async def talk(pulse: PulseServer) -> AsyncIterator[Talk]:
    relay, tasks = UdpRelay(Random(3)), TaskOwner()
    async with serving(ProviderOptions()) as started:
        client = ApiClient(endpoint(shipped_providers()["local"], started.base_url))
        tokens = ApiKeyTokens(client, lambda: Secret(started.api_key))
        transport = WebRtcTransport(FarAway(RealtimeHttp(client), relay))
        playback = Playback(open_sink, EngineContext(tasks, lambda: 0, lambda _: None), lambda _: None)
        await transport.connect(tokens.mint(SESSION))
        relay.up.delay_s = relay.down.delay_s = ONE_WAY_S
        talk = Talk(transport, playback)
        listening = asyncio.create_task(talk.listen())
        playback.call_began(transport)
        playback.set_voice(True)
        yield talk
        listening.cancel()
        await asyncio.wait({listening})
        await playback.close()
        await tasks.close()
        await transport.close()
        await client.close()
    await relay.close()


async def open_sink() -> AudioSink:
    return await SpeakerSink.open()


async def heard_by_now(recording: PulseRecording) -> int:
    """Return how many samples were recorded, once what is on its way to the file is there."""
    await asyncio.sleep(0.2)
    return len(recording.samples())


async def until_silent(recording: PulseRecording) -> None:
    async with asyncio.timeout(20):
        while recording.samples()[-24_000:].any():
            await asyncio.sleep(0.05)


def sounding(recording: PulseRecording, start: int, end: int | None = None) -> int:
    """Return how long it sounded, from the first sample to the last, in samples."""
    loud = np.flatnonzero(recording.samples()[start:end])
    return int(loud[-1] - loud[0]) if loud.size else 0


async def test_nothing_of_a_cut_answer_is_heard_and_the_next_one_is_heard_from_its_first_word(
    talk: Talk, pulse: PulseServer
) -> None:
    with pulse.record() as recording:
        talk.ask(SHORT_QUESTION)
        await talk.until("output_audio_buffer.stopped", 1)
        await until_silent(recording)
        whole = sounding(recording, 0)
        assert whole > 48 * 500

        talk.ask(LONG_QUESTION)
        await talk.until("output_audio_buffer.started", 2)
        await asyncio.sleep(1)
        talk.cancel()
        heard_ms = talk.playback.heard_ms()
        cut = await heard_by_now(recording)
        await talk.until("output_audio_buffer.cleared", 1)
        talk.ask(SHORT_QUESTION)
        await talk.until("output_audio_buffer.started", 3)
        began = len(recording.samples())
        await talk.until("output_audio_buffer.stopped", 2)
        await until_silent(recording)
        after = recording.samples()[cut:began]
        assert not after.any()
        assert abs(sounding(recording, began) - whole) < TOLERANCE
        assert 500 < heard_ms < 1_200
