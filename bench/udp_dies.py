"""UDP dies under calls over WebRTC: until each stream talks over a WebSocket, told by the words that come of it.

Each trial is an engine of its own, which takes the best road by itself, behind relays; at a random moment of its talk
all datagrams are lost from then on, silently. Voice is there when a call over a WebSocket stands and words have come
that were said in it. Words come four times a second while somebody speaks, and here somebody mostly does: utterances
take eight seconds, pauses 0.9.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from random import Random

from bench.measurement import Measurement, Measurements, Request, percentile, progress
from bench.steady_moments import STREAMS, all_calm, moment_s
from sentra_tui.domain import changes as c
from sentra_tui.domain.roads import Road
from sentra_tui.domain.transcript import Line
from tests.engine.process import EngineProcess
from tests.steady.world import World, world

ROUNDS = 10
SEED = 46
TALK_S = (2.0, 5.0)
"""How long both streams talk before."""


def measure(request: Request) -> Measurements:
    """Return p95 of both streams of all rounds."""
    trials = asyncio.run(_rounds())
    connected_ms = [connected for connected, _ in trials]
    voice_ms = tuple(voice for _, voice in trials)
    note = (
        f"{ROUNDS} engines, both streams of each, seed {SEED}; of that to a call over a WebSocket that stands: median "
        f"{percentile(connected_ms, 50):.0f}, p95 {percentile(connected_ms, 95):.0f} ms"
    )
    return {"udp_dies_mid_call_to_voice_ms": Measurement(value=percentile(voice_ms, 95), trials=voice_ms, note=note)}


async def _rounds() -> list[tuple[float, float]]:
    random, trials = Random(SEED), list[tuple[float, float]]()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with world(Path(folder), seed=SEED) as place:
            for number in range(ROUNDS):
                trials += await _round(place, random.uniform(*TALK_S))
                told = " and ".join(f"{voice:.0f}" for _, voice in trials[-len(STREAMS) :])
                progress(f"UDP dies: in round {number + 1} words came after {told} ms")
    return trials


async def _round(place: World, talk_s: float) -> list[tuple[float, float]]:
    """Return for each stream how long a call over a WebSocket took, and how long its words took, in milliseconds."""
    engine = await place.engine(*place.talk(utterances=12, blocks=80)[0], "--loop", transport="auto")
    try:
        await engine.until(lambda state: {stream.transport for stream in state.streams} == {Road.WEBRTC})
        await engine.until(lambda state: all(stream.transcript for stream in state.streams))
        await asyncio.sleep(talk_s)
        await engine.until(all_calm)
        place.udp_dies()
        died_s = asyncio.get_running_loop().time()
        moments = await asyncio.gather(*(_voice(engine, stream) for stream in STREAMS))
    finally:
        await engine.stop()
        place.heal()
    return [((connected_s - died_s) * 1000, (voice_s - died_s) * 1000) for connected_s, voice_s in moments]


async def _voice(engine: EngineProcess, stream: str) -> tuple[float, float]:
    """Return when a call of this stream stood over a WebSocket, and when the first words came that were said in it."""

    def connected() -> list[c.StreamConnected]:
        told = engine.told(c.StreamConnected)
        return [each for each in told if each.stream == stream and each.transport == Road.WEBSOCKET]

    connected_s = await moment_s(engine, lambda _: connected())
    session = connected()[0].at_ms

    def said_since() -> list[Line]:
        view = engine.state.stream(stream)
        lines = () if view is None else view.transcript
        return [line for line in lines if line.text and not line.recovered and line.key.session >= session]

    return connected_s, await moment_s(engine, lambda _: said_since())
