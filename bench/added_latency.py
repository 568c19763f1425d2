"""What we add, voice to voice, over WebRTC."""

from __future__ import annotations

import asyncio

from bench.measurement import Measurements, Request
from bench.peer import Peer
from bench.scripted_provider import NAME, ScriptedProvider
from bench.turns import PROVIDER_S, Turn, is_loud, tone
from bench.voice_to_voice import Answering, added_latency
from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.peer import OpusTrack

_ANSWER_FRAMES = 20


class AnsweringPeer(Peer):
    """An end of a call that answers, a frame each 20 ms."""

    def __init__(self) -> None:
        self._sound = OpusTrack()
        super().__init__(self._sound)
        self.turns: list[Turn] = []
        self._decoder = OpusDecoder()
        self._heard_s: float | None = None

    async def answer_turns(self) -> None:
        """Answer, for ever."""
        while True:
            await asyncio.sleep(0.001)
            heard_s = self._heard_s
            if heard_s is None or self._loop.time() < heard_s + PROVIDER_S:
                continue
            self._heard_s = None
            self.turns.append(Turn(heard_s, self._loop.time()))
            await self._speak()

    async def _speak(self) -> None:
        due_s = self._loop.time()
        for index in range(_ANSWER_FRAMES):
            self._sound.send(tone(660, FRAME_SAMPLES, index * FRAME_SAMPLES).tobytes())
            due_s += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due_s - self._loop.time()))

    def _on_packet(self, sequence: int, ssrc: int, payload: bytes) -> None:
        if is_loud(self._decoder.decode(payload)):
            self._heard_s = self._loop.time()


def measure(request: Request) -> Measurements:
    """Return what we add to the provider's delay, p95."""
    options = (f"--provider={NAME}", "--transport=webrtc")
    return {"added_latency_webrtc_p95_ms": added_latency(_begin, options, "packet")}


def _begin() -> tuple[ScriptedProvider, list[Answering]]:
    ends: list[Answering] = []

    def make_peer(session_type: str) -> Peer:
        peer = AnsweringPeer()
        ends.append(peer)
        return peer

    return ScriptedProvider(make_peer), ends
