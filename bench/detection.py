"""From the moment that a path goes silent to the suspicion that the call is dead, as whoever runs an engine is told.

An engine with both streams is behind relays that lose everything from a random moment on, silently: connections stay
open. Each blackout is a trial of each stream. It lasts until both are suspected, and a random time longer, so that now
the call of before goes on, now another.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from random import Random

from bench.measurement import Measurement, Measurements, Request, percentile, progress
from bench.steady_moments import STREAMS, all_calm, noticed_s
from tests.steady.world import Road, world

BLACKOUTS = 20
"""On each road: a trial for each of two streams."""
SEED = 44
REST_S = (3.0, 6.0)
"""How long calls stand unharmed between two blackouts."""
LINGER_S = (0.0, 3.0)
_ROADS: tuple[Road, ...] = ("websocket", "webrtc")


def measure(request: Request) -> Measurements:
    """Return p95 of each road that is asked for."""
    roads = [road for road in _ROADS if _figure(road) in request.figures]
    return asyncio.run(_measure(roads))


def _figure(road: Road) -> str:
    return f"detect_{road}_p95_ms"


async def _measure(roads: list[Road]) -> Measurements:
    trials = await asyncio.gather(*(detections_ms(road, BLACKOUTS, SEED) for road in roads))
    note = f"{BLACKOUTS} blackouts at random moments, seed {SEED}, relays lose everything; both streams count"
    return {
        _figure(road): Measurement(value=percentile(took_ms, 95), trials=tuple(took_ms), note=note)
        for road, took_ms in zip(roads, trials, strict=True)
    }


async def detections_ms(road: Road, blackouts: int, seed: int) -> list[float]:
    """Return how long it took until each stream of an engine was suspected, in each of so many blackouts."""
    random, took_ms = Random(f"{road} {seed}"), list[float]()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with world(Path(folder), seed=seed) as place:
            engine = await place.engine(*place.talk(utterances=20)[0], "--loop", transport=road)
            try:
                for number in range(blackouts):
                    await engine.until(all_calm)
                    await asyncio.sleep(random.uniform(*REST_S))
                    await engine.until(all_calm)
                    began_s = asyncio.get_running_loop().time()
                    place.blackout()
                    moments_s = await asyncio.gather(*(noticed_s(engine, stream) for stream in STREAMS))
                    took_ms += [(moment_s - began_s) * 1000 for moment_s in moments_s]
                    await asyncio.sleep(random.uniform(*LINGER_S))
                    place.heal()
                    progress(f"{road}: blackout {number + 1} noticed after {_told(took_ms[-2:])} ms")
            finally:
                await engine.stop()
    return took_ms


def _told(took_ms: list[float]) -> str:
    return " and ".join(f"{each:.0f}" for each in took_ms)
