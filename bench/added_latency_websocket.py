"""What we add, voice to voice, over a WebSocket. The answer comes as servers send it: all at once.

What the sound devices take by themselves is taken off, as in `key_to_silence`: no transport can shorten it.
"""

from __future__ import annotations

import asyncio

from bench.measurement import Measurements, Request
from bench.scripted_socket import NAME, RATE_HZ, ScriptedSocketProvider, SocketEnd
from bench.turns import PROVIDER_S, Turn, is_loud, tone
from bench.voice_to_voice import Answering, added_latency

_ANSWER_MS = 400


class AnsweringEnd(SocketEnd):
    """An end of a call that answers."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[Turn] = []
        self.on_sound = self._listen
        self._loop = asyncio.get_running_loop()
        self._heard_s: float | None = None
        self._answer = tone(660, RATE_HZ * _ANSWER_MS // 1000, rate_hz=RATE_HZ).tobytes()

    async def answer_turns(self) -> None:
        """Answer, for ever."""
        while True:
            await asyncio.sleep(0.001)
            heard_s = self._heard_s
            if heard_s is None or self._loop.time() < heard_s + PROVIDER_S:
                continue
            self._heard_s = None
            self.turns.append(Turn(heard_s, self._loop.time()))
            await self.answer(self._answer)

    def _listen(self, pcm: bytes) -> None:
        if is_loud(pcm):
            self._heard_s = self._loop.time()


def measure(request: Request) -> Measurements:
    """Return what we add to the delays of the provider and of the devices, p95."""
    options = (f"--provider={NAME}", "--transport=websocket")
    return {"added_latency_websocket_p95_ms": added_latency(_begin, options, "message", less_devices=True)}


def _begin() -> tuple[ScriptedSocketProvider, list[Answering]]:
    ends: list[Answering] = []

    def make_end() -> SocketEnd:
        end = AnsweringEnd()
        ends.append(end)
        return end

    return ScriptedSocketProvider(make_end), ends
