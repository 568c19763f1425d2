"""Calls over a path that can go silent, and Liveness asked about them as the engine asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from sentra_tui.domain.config import DeadlinesConfig, ReconnectConfig
from sentra_tui.domain.ports import Credential, SdpAnswer, Transport
from sentra_tui.protocol.liveness import Liveness, Pulse
from sentra_tui.provider.relay import UdpRelay, strip_candidates
from sentra_tui.services.transport.webrtc import WebRtcTransport
from tests.ready import ready
from tests.services.transport.lab_peer import CREDENTIAL, LabPeer, tone

PATIENT = DeadlinesConfig(offer_s=20, media_s=20, channel_s=20)
LOOK_S = 0.25


class Relayed(LabPeer):
    """A peer that is reached through a relay only."""

    def __init__(self, relay: UdpRelay) -> None:
        super().__init__(tone_hz=1_000, reshape=relay.rewrite)

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        return await super().offer(strip_candidates(sdp), credential)


@asynccontextmanager
async def relayed_call(seed: int) -> AsyncIterator[tuple[WebRtcTransport, UdpRelay]]:
    """A call over WebRTC through a relay that works, so far."""
    relay = UdpRelay(Random(seed))
    peer = Relayed(relay)
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    try:
        await transport.connect(ready(CREDENTIAL))
        yield transport, relay
    finally:
        await transport.close()
        await peer.close()
        await relay.close()


class Speaker:
    """Gives a transport a frame each 20 ms, as the engine's pump does."""

    def __init__(self, transport: Transport) -> None:
        self.frames = 0
        self._transport = transport
        self._task = asyncio.create_task(self._speak())

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while True:
            self._transport.send_audio(tone(440, self.frames))
            self._transport.receive_audio()
            self.frames += 1
            await asyncio.sleep(max(0.0, began_s + 0.02 * self.frames - loop.time()))

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})


class Judge:
    """Asks Liveness about a transport four times a second."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._liveness = Liveness(ReconnectConfig())
        self._loop = asyncio.get_running_loop()
        self._liveness.began(self._now_ms(), over_tcp=transport.name == "websocket")

    def _now_ms(self) -> int:
        return round(self._loop.time() * 1000)

    async def until(self, pulse: Pulse) -> str:
        """Return the cause once the call is thought to be this."""
        async with asyncio.timeout(30):
            while True:
                verdict = self._liveness.observe(
                    self._now_ms(), self._transport.contact_age_s(), self._transport.answer_age_s()
                )
                if verdict.pulse is pulse:
                    return verdict.cause
                await asyncio.sleep(LOOK_S)
