"""Plain clients of the provider, for its tests: over WebRTC by aiortc, over a WebSocket by aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from openai._models import validate_type
from openai.types.beta.realtime import RealtimeServerEvent as BetaServerEvent
from openai.types.realtime import RealtimeServerEvent

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.peer import OpusTrack, hard_close, prepare_process, tap
from sentra_tui.media.resample import Resampler
from sentra_tui.protocol.dialects import beta_event, canonical
from sentra_tui.provider.faults import Plan
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving

REALTIME: dict[str, Any] = {"type": "realtime", "model": "sentra-local", "output_modalities": ["text"]}
TRANSCRIPTION: dict[str, Any] = {
    "type": "transcription",
    "audio": {"input": {"transcription": {"model": "pocketsphinx"}}},
}
DEADLINE_S = 45.0

Event = dict[str, Any]


class EventLog:
    """The events of one call under their GA names, each checked against OpenAI's own types."""

    def __init__(self, strict: bool, beta: bool = False) -> None:
        self.events: list[Event] = []
        self.beta = beta
        self._strict = strict
        self._arrival = asyncio.Condition()
        self._read = 0
        self._notices: set[asyncio.Task[None]] = set()

    async def next(self, kind: str) -> Event:
        """Return the next event of this type, skipping others."""
        async with asyncio.timeout(DEADLINE_S), self._arrival:
            while True:
                while self._read < len(self.events):
                    self._read += 1
                    if self.events[self._read - 1]["type"] == kind:
                        return self.events[self._read - 1]
                await self._arrival.wait()

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    def take(self, message: str) -> None:
        event = json.loads(message)
        if self._strict:
            validate(event, self.beta)
        self.events.append(canonical(event) if self.beta else event)
        notice = asyncio.get_running_loop().create_task(self._notify())
        self._notices.add(notice)
        notice.add_done_callback(self._notices.discard)

    def send(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, **fields}
        self.send_text(json.dumps(beta_event(event) if self.beta else event))

    def send_text(self, message: str) -> None:
        raise AssertionError("A client sends by its own road.")

    async def settle(self) -> None:
        await asyncio.gather(*self._notices)

    async def _notify(self) -> None:
        async with self._arrival:
            self._arrival.notify_all()


class Client(EventLog):
    """A call over WebRTC."""

    def __init__(self, strict: bool = True, beta: bool = False) -> None:
        super().__init__(strict, beta)
        prepare_process()
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.track = OpusTrack()
        self.connection.addTrack(self.track)
        self.channel = self.connection.createDataChannel("oai-events")
        self.channel.on("message", self.take)
        self.call_path = ""
        self.loudest = 0.0
        self.frames = 0
        self.closed = asyncio.Event()
        self._decoder = OpusDecoder()
        self.channel.on("close", self.closed.set)

    async def dial(self, started: ProviderStarted, session: dict[str, Any], *, multipart: bool = False) -> None:
        status, sdp, headers = await post_offer(started, await self.offer(), session, multipart)
        assert status == 201, sdp
        self.call_path = headers["Location"]
        await self.accept(sdp)

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def accept(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        tap(self.connection.getTransceivers()[0].receiver, self._on_packet)
        await self.connection.addIceCandidate(None)

    def send_text(self, message: str) -> None:
        self.channel.send(message)

    async def play(self, pcm: bytes, sample_rate_hz: int) -> None:
        """Send sound in real time."""
        resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ)
        sound = resampler.feed(pcm) + resampler.flush()
        due = time.monotonic()
        for start in range(0, len(sound), FRAME_BYTES):
            self.track.send(sound[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))
            due += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def stay_silent(self, seconds: float) -> None:
        await self.play(SILENCE * round(seconds * 1000 / FRAME_MS), SAMPLE_RATE_HZ)

    async def close(self) -> None:
        self.track.stop()
        await hard_close(self.connection)
        await self.settle()

    def _on_packet(self, _sequence: int, _ssrc: int, payload: bytes) -> None:
        self.frames += 1
        samples = np.frombuffer(self._decoder.decode(payload), "<i2").astype(np.float32)
        self.loudest = max(self.loudest, float(np.sqrt(np.mean(samples**2))))


def validate(event: Event, beta: bool = False) -> None:
    """Raise where an event is not what OpenAI's own types say; those of the beta miss events of transcription."""
    if beta and event["type"].startswith("transcription_session."):
        return
    validate_type(type_=BetaServerEvent if beta else RealtimeServerEvent, value=event)  # type: ignore[arg-type]


async def mint(started: ProviderStarted, session: dict[str, Any]) -> str:
    status, body = await post_json(started, "realtime/client_secrets", {"session": session})
    assert status == 200, body
    return str(body["value"])


async def post_json(
    started: ProviderStarted, path: str, body: Any, api_key: str | None = None
) -> tuple[int, dict[str, Any]]:
    key = started.api_key if api_key is None else api_key
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{started.base_url}/{path}", json=body, headers={"Authorization": f"Bearer {key}"}) as response,
    ):
        return response.status, await response.json()


async def post_offer(
    started: ProviderStarted, sdp: str, session: dict[str, Any], multipart: bool = False
) -> tuple[int, str, dict[str, str]]:
    key = started.api_key if multipart else await mint(started, session)
    headers = {"Authorization": f"Bearer {key}"}
    data: Any = sdp.encode()
    if multipart:
        data = aiohttp.MultipartWriter("form-data")
        for name, content, kind in (
            ("sdp", sdp, "application/sdp"),
            ("session", json.dumps(session), "application/json"),
        ):
            part = data.append(content, {"Content-Type": kind})
            part.set_content_disposition("form-data", name=name)
    else:
        headers["Content-Type"] = "application/sdp"
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{started.base_url}/realtime/calls", data=data, headers=headers) as response,
    ):
        return response.status, await response.text(), dict(response.headers)


async def get(started: ProviderStarted, path: str) -> bytes:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{started.base_url}/{path}", headers={"Authorization": f"Bearer {started.api_key}"}) as response,
    ):
        assert response.status == 200
        return await response.read()


async def status(started: ProviderStarted) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = json.loads(await get(started, "status"))["calls"]
    return calls


async def until(condition: Callable[[], Any]) -> None:
    """Wait until a condition, or an awaitable one, holds."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            result = condition()
            if asyncio.iscoroutine(result):
                result = await result
            if result:
                return
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def providing(plan: Plan) -> AsyncIterator[ProviderStarted]:
    """Serve a provider with this plan of faults."""
    async with serving(ProviderOptions(plan=plan)) as started:
        yield started


@contextlib.asynccontextmanager
async def calling(
    started: ProviderStarted, session: dict[str, Any], *, multipart: bool = False, strict: bool = True
) -> AsyncIterator[Client]:
    """Call the provider over WebRTC, wait for its greeting, and hang up at the end."""
    client = Client(strict)
    try:
        await client.dial(started, session, multipart=multipart)
        await client.next("session.created")
        yield client
    finally:
        await client.close()


def read_wav(source: Path | Any) -> tuple[bytes, int]:
    with wave.open(str(source) if isinstance(source, Path) else source) as reader:
        return reader.readframes(reader.getnframes()), reader.getframerate()


def words_right(reference: str, heard: str) -> float:
    """Return 1 - word error rate, by edit distance."""
    expected, found = reference.split(), heard.split()
    row = list(range(len(found) + 1))
    for i, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return 1 - row[-1] / len(expected)
