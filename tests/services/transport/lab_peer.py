"""The other end of a call, in the test's own process: a real aiortc peer behind a `Signalling`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import numpy as np
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ
from sentra_tui.domain.ports import Credential, SdpAnswer
from sentra_tui.domain.secret import Secret
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.peer import OpusTrack, hard_close, prepare_process, tap

CREDENTIAL = Credential(Secret("ek_test"))
CALL_ID = "rtc_u1_lab"

Reshape = Callable[[str], Awaitable[str]]


def tone(frequency_hz: float, index: int, amplitude: float = 8_000) -> bytes:
    """Return the frame of a tone that begins `index` frames in."""
    time_s = (np.arange(FRAME_SAMPLES) + index * FRAME_SAMPLES) / SAMPLE_RATE_HZ
    return (np.sin(2 * np.pi * frequency_hz * time_s) * amplitude).astype("<i2").tobytes()


def loudest_hz(sound: bytes) -> float:
    """Return the frequency with most energy in it; 0.0 for silence."""
    samples = np.frombuffer(sound, "<i2").astype(float)
    if not samples.size or np.abs(samples).max() < 100:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * SAMPLE_RATE_HZ / samples.size


def openai_shaped(answer_sdp: str) -> str:
    """Return an aiortc answer in the shape of one captured from OpenAI in 2026.

    ICE lite, one fingerprint for the session, candidates in the first media section only and never ended, two hosts
    that are dead before the live ones, TCP candidates between, a stereo Opus with FEC beside G.711, huge messages.
    """
    lines = answer_sdp.splitlines()
    fingerprint = next(line for line in lines if line.startswith("a=fingerprint:sha-256"))
    candidates = list(dict.fromkeys(line for line in lines if line.startswith("a=candidate:")))
    fragment = next(line for line in lines if line.startswith("a=ice-ufrag:")).removeprefix("a=ice-ufrag:")
    dead = [
        f"a=candidate:{n} 1 {protocol} 203.0.113.{n} {port} typ host{passive} ufrag {fragment}"
        for n in (7, 8)
        for protocol, port, passive in (("udp 2130706431", 3478, ""), ("tcp 1671430143", 443, " tcptype passive"))
    ]
    hosts = [*dead, *(f"{line} ufrag {fragment}" for line in candidates)]
    head, *media = _sections(lines)
    dropped = ("a=candidate:", "a=end-of-candidates", "a=fingerprint:", "a=setup:", "a=ssrc:", "a=max-message-size:")
    shaped = [*head, fingerprint, "a=ice-lite"]
    for number, section in enumerate(media):
        shaped += [line for line in section if not line.startswith((*dropped, "a=fmtp:", "a=rtcp-fb"))]
        shaped += ["a=setup:active"]
        if number == 0:
            shaped = [f"{line} 0 8" if line.startswith("m=audio") else line for line in shaped]
            shaped += ["a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000"]
            shaped += ["a=fmtp:96 minptime=10;useinbandfec=1", *hosts]
            shaped += [f"{line.split()[0]} cname:realtimeapi" for line in section if line.startswith("a=ssrc:")]
        else:
            shaped += ["a=max-message-size:1073741823"]
    return "\r\n".join([*shaped, ""])


def _sections(lines: list[str]) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections


class LabPeer:
    """Answers one call: echoes messages, sends a tone, remembers what it hears."""

    def __init__(self, *, tone_hz: float = 0.0, reshape: Reshape | None = None, answers_checks: bool = True) -> None:
        self.tone_hz = tone_hz
        self.heard = b""
        self.packets = 0
        self.messages: list[str | bytes] = []
        self.hung_up: list[str] = []
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel: RTCDataChannel | None = None
        self._reshape = reshape
        self._answers_checks = answers_checks
        self._decoder = OpusDecoder()
        self._track = OpusTrack()
        self._answering: asyncio.Task[SdpAnswer] | None = None
        self._playing: asyncio.Task[None] | None = None

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        self._answering = asyncio.create_task(self._answer(sdp))
        return await asyncio.shield(self._answering)

    async def _answer(self, sdp: str) -> SdpAnswer:
        prepare_process()
        connection = self.connection
        connection.on("datachannel", self._on_channel)
        connection.addTrack(self._track)
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        tap(connection.getTransceivers()[0].receiver, self._on_packet)
        await connection.setLocalDescription(await connection.createAnswer())
        answer = connection.localDescription.sdp
        if self._reshape is not None:
            answer = await self._reshape(answer)
        if not self._answers_checks:
            await hard_close(connection)
        elif self.tone_hz:
            self._playing = asyncio.create_task(self._play())
        return SdpAnswer(answer, CALL_ID)

    async def hang_up(self, call_id: str, credential: Credential) -> None:
        self.hung_up.append(call_id)

    async def close(self) -> None:
        if self._answering is not None:
            await asyncio.wait({self._answering})
        if self._playing is not None:
            self._playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._playing
        await hard_close(self.connection)

    def say(self, message: str | bytes) -> None:
        assert self.channel is not None
        self.channel.send(message)

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self.channel = channel

        def on_message(message: str | bytes) -> None:
            self.messages.append(message)
            channel.send(message)

        channel.on("message", on_message)

    def _on_packet(self, sequence: int, ssrc: int, payload: bytes) -> None:
        self.packets += 1
        self.heard += self._decoder.decode(payload)

    async def _play(self) -> None:
        index = 0
        while True:
            self._track.send(tone(self.tone_hz, index))
            index += 1
            await asyncio.sleep(FRAME_MS / 1000)
