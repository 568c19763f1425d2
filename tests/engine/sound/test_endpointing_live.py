"""Turns that only the client ends: real media, the local provider, commits from what is heard here."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.domain.changes import Change, Noticed, TranscriptCommitted, TranscriptFailed
from sentra_tui.domain.provider_config import shipped_providers
from sentra_tui.domain.secret import Secret
from sentra_tui.engine.sound.endpointing import EndpointingDriver
from sentra_tui.media.resample import Resampler
from sentra_tui.protocol import codec
from sentra_tui.protocol.effects import SendEvent
from sentra_tui.protocol.responses import Outcome
from sentra_tui.protocol.session import Session
from sentra_tui.protocol.session_config import finds_turns
from sentra_tui.provider.server import ProviderOptions, serving
from sentra_tui.provider.voice import synthesize
from sentra_tui.services.audio.speech.detectors import open_detector
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import endpoint
from sentra_tui.services.openai.signalling.realtime_http import RealtimeHttp
from sentra_tui.services.openai.tokens import ApiKeyTokens
from sentra_tui.services.transport.webrtc import WebRtcTransport

PAUSE = [SILENCE] * (1_200 // FRAME_MS)
INPUT = {"transcription": {"model": "pocketsphinx-demo"}, "turn_detection": None}
LISTENING: dict[str, Any] = {"type": "transcription", "audio": {"input": INPUT}}
TALKING: dict[str, Any] = {
    "type": "realtime", "model": "sentra-local", "output_modalities": ["text"], "audio": {"input": INPUT},
}  # fmt: skip


class Listener:
    """A session behind a call, and the driver that ends its turns."""

    def __init__(self, transport: WebRtcTransport, config: dict[str, Any], utterance_s: float) -> None:
        self.told: list[Change] = []
        self.commits = 0
        self._transport = transport
        self._session = Session("speaker", 1, 0, answers=config["type"] == "realtime", answers_turns=False)
        self._driver = EndpointingDriver(open_detector("webrtc"), utterance_s, self._commit)
        self._driver.call_began(finds_turns=finds_turns(config))

    @property
    def lines(self) -> list[str]:
        return [change.text for change in self.told if isinstance(change, TranscriptCommitted)]

    async def listen(self) -> None:
        async for message in self._transport.messages():
            self._perform(self._session.receive(codec.decode(message), 0))

    async def play(self, frames: list[bytes]) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        for frame in frames:
            self._transport.send_audio(frame)
            self._driver.hear(frame)
            due_s += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    async def until_settled(self) -> None:
        """Wait until there are words, or none, of all turns that were committed."""
        async with asyncio.timeout(20):
            while sum(isinstance(told, TranscriptCommitted | TranscriptFailed) for told in self.told) < self.commits:
                await asyncio.sleep(0.02)

    def _commit(self) -> None:
        self.commits += 1
        self._perform(self._session.commit())

    def _perform(self, outcome: Outcome) -> None:
        for told in outcome:
            if isinstance(told, SendEvent):
                self._transport.send(codec.encode(told.event))
            elif isinstance(told, Change):
                self.told.append(told)


async def listened(config: dict[str, Any], frames: list[bytes], utterance_s: float = 15.0) -> Listener:
    """Return what was heard of these frames."""
    async with serving(ProviderOptions()) as started:
        client = ApiClient(endpoint(shipped_providers()["local"], started.base_url))
        transport = WebRtcTransport(RealtimeHttp(client))
        await transport.connect(ApiKeyTokens(client, lambda: Secret(started.api_key)).mint(config))
        listener = Listener(transport, config, utterance_s)
        listening = asyncio.create_task(listener.listen())
        await listener.play(frames)
        await listener.until_settled()
        listening.cancel()
        await asyncio.wait({listening})
        await transport.close()
        await client.close()
    return listener


def spoken(text: str) -> list[bytes]:
    pcm, rate_hz = synthesize(text)
    sound = Resampler(rate_hz, SAMPLE_RATE_HZ).feed(pcm)
    pieces = (sound[start : start + FRAME_BYTES] for start in range(0, len(sound), FRAME_BYTES))
    return [piece.ljust(FRAME_BYTES, b"\0") for piece in pieces]


async def test_words_arrive_because_we_end_the_turns() -> None:
    frames = [
        *PAUSE,
        *spoken("Good morning."),
        *PAUSE,
        *spoken("Where do most of the slow requests come from?"),
        *PAUSE,
    ]
    listener = await listened(LISTENING, frames)
    assert listener.commits == 2
    assert "good morning" in listener.lines[0].lower()
    assert "slow requests" in listener.lines[1].lower()
    assert not [told for told in listener.told if isinstance(told, Noticed)]


async def test_a_conversation_whose_turns_we_end_begins_no_answer_by_itself() -> None:
    listener = await listened(TALKING, [*PAUSE, *spoken("Good morning."), *PAUSE])
    assert listener.commits == 1
    assert {type(change).__name__ for change in listener.told} <= {
        "LineOpened", "TranscriptExtended", "TranscriptRevised", "TranscriptCommitted", "TranscriptFailed",
    }  # fmt: skip


async def test_who_does_not_stop_is_parted_all_the_same() -> None:
    sentence = spoken("Where do most of the slow requests come from?")
    listener = await listened(LISTENING, [*PAUSE, *sentence, *sentence, *sentence, *PAUSE], utterance_s=3.0)
    assert listener.commits >= 2


@pytest.fixture(autouse=True)
def libraries() -> None:
    pytest.importorskip("espeakng_loader")
    pytest.importorskip("pocketsphinx")
