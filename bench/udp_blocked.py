"""Behind a firewall without UDP: from the start of the engine to voice both ways, over a WebSocket.

The engine runs in a network namespace that has loopback alone and drops UDP on arrival, as a firewall far away does:
nothing says so. The provider, in there too, takes offers and answers them, but its media never arrive. It says a tone
as soon as there is a session over a WebSocket. Voice is there when it has heard the microphone and the loudspeaker
has begun to sound, whichever is later.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, median, progress
from bench.peer import Peer
from bench.scripted_socket import NAME, RATE_HZ, ScriptedSocketProvider, SocketEnd
from bench.sound_server import MONITOR, Recording, private_sound, recording
from bench.turns import bursts, tone
from sentra_tui.domain import actions as a
from sentra_tui.domain.changes import EventLogged, Noticed, StreamConnected
from sentra_tui.domain.roads import Road
from tests.engine.process import EngineProcess
from tests.netns import network_namespace
from tests.pulse import PulseServer

ROUNDS = 10
ADDRESS = "10.77.0.1"
"""Without one beside loopback's there would be no way for media to try, and nothing to wait for."""
_WITHIN_S = 15.0
_ANSWER_S = 1.0
_HEARD = 500
"""Noise suppression takes a tone that never ends for noise, and leaves a quarter of it."""


class GreetingEnd(SocketEnd):
    """Speaks first, and tells when it first hears somebody, in seconds of the monotonic clock."""

    def __init__(self, heard_s: asyncio.Future[float]) -> None:
        super().__init__()
        self._heard_s = heard_s
        self.on_sound = self._listen

    async def greet(self) -> None:
        """Say a tone once there is a session."""
        await self.agreed.wait()
        await self.answer(tone(660, int(RATE_HZ * _ANSWER_S), rate_hz=RATE_HZ).tobytes())

    def _listen(self, pcm: bytes) -> None:
        if not self._heard_s.done() and np.abs(np.frombuffer(pcm, "<i2").astype(int)).max(initial=0) >= _HEARD:
            self._heard_s.set_result(time.monotonic())


class BlockedProvider(ScriptedSocketProvider):
    """Has WebRTC too, of which nothing arrives."""

    def __init__(self) -> None:
        super().__init__(self._make_greeting_end)
        self.heard_s: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        """When it first heard the microphone."""
        self._peers: list[Peer] = []
        self._greetings: list[asyncio.Task[None]] = []
        self.application.add_routes(
            [
                web.post("/v1/realtime/client_secrets", self._mint),
                web.post("/v1/realtime/calls", self._answer),
                web.post("/v1/realtime/calls/{call_id}/hangup", self._hang_up),
            ]
        )

    async def close(self) -> None:
        """Hang up and stop listening."""
        for greeting in self._greetings:
            greeting.cancel()
        await asyncio.gather(*self._greetings, return_exceptions=True)
        for peer in self._peers:
            await peer.close()
        await super().close()

    def _make_greeting_end(self) -> SocketEnd:
        end = GreetingEnd(self.heard_s)
        self._greetings.append(asyncio.create_task(end.greet()))
        return end

    async def _mint(self, request: web.Request) -> web.Response:
        session = (await request.json())["session"]
        return web.json_response({"value": "ek_bench", "expires_at": 0, "session": session})

    async def _answer(self, request: web.Request) -> web.Response:
        peer = Peer()
        self._peers.append(peer)
        answer = await peer.offer((await request.read()).decode())
        headers = {"Location": f"/v1/realtime/calls/rtc_{len(self._peers)}"}
        return web.Response(status=201, body=answer.sdp.encode(), content_type="application/sdp", headers=headers)

    async def _hang_up(self, request: web.Request) -> web.Response:
        return web.Response()


def measure(request: Request) -> Measurements:
    """Return how long it takes, in the median."""
    try:
        with network_namespace() as namespace, private_sound() as server:
            namespace.add_address(ADDRESS)
            namespace.block_udp()
            with namespace.entered():
                took_ms = tuple(asyncio.run(_rounds(server)))
    except pytest.skip.Exception as reason:
        raise CannotMeasure(str(reason)) from reason
    note = (
        f"median of {ROUNDS} starts of the engine's process, in a namespace whose UDP is dropped on arrival; to the "
        f"later of the microphone heard at the provider and the provider's voice at the virtual loudspeaker"
    )
    return {"udp_blocked_to_voice_ms": Measurement(value=median(took_ms), trials=took_ms, note=note)}


async def _rounds(server: PulseServer) -> list[float]:
    took_ms = []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as home, recording(MONITOR) as heard:
            took_ms.append(await _round(Path(home), server, heard))
        progress(f"UDP blocked: start {number + 1} took {took_ms[-1]:.0f} ms")
    return took_ms


async def _round(home: Path, server: PulseServer, heard: Recording) -> float:
    """Return the time from the engine's start to voice both ways, in milliseconds."""
    provider = BlockedProvider()
    await provider.start()
    provider.write_config(home / "config.toml")
    options = (f"--config={home / 'config.toml'}", f"--provider={NAME}", "--mic=device", "--speaker=none")
    with server.play(tone(440, int(48_000 * _WITHIN_S)).tobytes()):
        began_s = time.monotonic()
        engine = await EngineProcess.start(home, *options, env=server.environ, transport=None)
        try:
            engine.send(a.SetVoice(True))
            async with asyncio.timeout(_WITHIN_S):
                heard_s = await provider.heard_s
            await asyncio.sleep(_ANSWER_S)
        except TimeoutError as error:
            raise CannotMeasure(f"no voice within {_WITHIN_S:g} s: {_last_words(engine)}") from error
        finally:
            await engine.stop()
            await provider.close()
    [road] = {change.transport for change in engine.changes if isinstance(change, StreamConnected)}
    if road != Road.WEBSOCKET:
        raise CannotMeasure(f"the call went by {road}: UDP is not blocked here")
    sounds_s = _sounds_s(heard)
    if sounds_s is None:
        raise CannotMeasure("the loudspeaker never sounded")
    return (max(sounds_s, heard_s) - began_s) * 1000


def _sounds_s(heard: Recording) -> float | None:
    """Return when the loudspeaker began to sound."""
    found = bursts(heard.samples())
    return heard.time_of(found[0][0]) if found else None


def _last_words(engine: EngineProcess) -> str:
    said = [change.text for change in engine.changes if isinstance(change, EventLogged | Noticed)]
    return "; ".join(said[-3:]) or "it said nothing"
