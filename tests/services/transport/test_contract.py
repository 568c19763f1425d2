from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.ports import Credential, SdpAnswer, Transport
from sentra_tui.media.resample import Resampler
from sentra_tui.services.transport.webrtc import WebRtcTransport
from tests.services.transport.contract import TONE_HZ, Rig, TransportContract
from tests.services.transport.lab_peer import LabPeer
from tests.services.transport.socket_peer import PATIENT, SocketPeer, running_peer, transport_to


class Silent(LabPeer):
    """A peer that never answers the offer."""

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        await asyncio.sleep(60)
        return SdpAnswer("")


class WebRtcRig(Rig):
    def __init__(self) -> None:
        self.peer = LabPeer(tone_hz=TONE_HZ)
        self.transport = WebRtcTransport(self.peer, deadlines=PATIENT)
        self.peers = [self.peer]

    def unanswered(self) -> Transport:
        self.peers.append(Silent())
        return WebRtcTransport(self.peers[-1], deadlines=PATIENT)

    def heard(self) -> bytes:
        return self.peer.heard

    def read(self) -> list[str]:
        return [str(message) for message in self.peer.messages]

    async def leave(self) -> None:
        await self.peer.close()

    async def close(self) -> None:
        await self.transport.close()
        for peer in self.peers:
            await peer.close()


class TestWebRtc(TransportContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[Rig]:
        rig = WebRtcRig()
        yield rig
        await rig.close()


class SocketRig(Rig):
    def __init__(self, peer: SocketPeer, mute: SocketPeer, rate_hz: int) -> None:
        peer.tone_hz = TONE_HZ
        peer.rate_hz = rate_hz
        mute.greeting = ()
        self.peer = peer
        self.mute = mute
        self.rate_hz = rate_hz
        self.transport = transport_to(peer.port, rate_hz=rate_hz)

    def unanswered(self) -> Transport:
        return transport_to(self.mute.port)

    def heard(self) -> bytes:
        return Resampler(self.rate_hz, SAMPLE_RATE_HZ).feed(self.peer.heard)

    def read(self) -> list[str]:
        passed_over = ("session.update", "input_audio_buffer.append")
        return [
            str(message)
            for message, kind in zip(self.peer.messages, self.peer.types, strict=True)
            if kind not in passed_over
        ]

    async def leave(self) -> None:
        assert self.peer.connection is not None
        await self.peer.connection.close()


class TestWebSocket(TransportContract):
    @pytest.fixture(params=[24_000, 16_000])
    async def rig(self, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
        async with running_peer() as peer, running_peer() as mute:
            rig = SocketRig(peer, mute, request.param)
            yield rig
            await rig.transport.close()
