"""From the return of the path to calls that are beyond doubt again, after blackouts of 2 to 60 s.

Both roads run at the same time, each with an engine whose two streams talk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

from bench.lost_paths import ROADS, LostPath, lost_path
from bench.measurement import Measurement, Measurements, Request, percentile, progress
from bench.steady_moments import STREAMS, all_calm, recovered_s
from tests.engine.process import EngineProcess
from tests.steady.world import Road

BLACKOUTS_S = (2, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 60)
"""On each road, in a random order: a trial for each of two streams, where its call came into doubt."""
SEED = 45
REST_S = (3.0, 5.0)
UTTERANCES = 20


def measure(request: Request) -> Measurements:
    """Return median and p95 of all trials."""
    means, trials = asyncio.run(_measure())
    found = [took_ms for of_road in trials.values() for took_ms in of_road if took_ms is not None]
    unharmed = sum(map(len, trials.values())) - len(found)
    note = (
        f"{'; '.join(_summary(road, of_road) for road, of_road in trials.items())}; {unharmed} trials do not count, as "
        f"no call came into doubt; blackouts of {min(BLACKOUTS_S)} to {max(BLACKOUTS_S)} s by {means}, seed {SEED}"
    )
    return {
        f"recover_p{percent}_ms": Measurement(value=percentile(found, percent), trials=tuple(found), note=note)
        for percent in (50, 95)
    }


def _summary(road: Road, took_ms: list[float | None]) -> str:
    known = [each for each in took_ms if each is not None]
    p50, p95, longest = (percentile(known, percent) or 0.0 for percent in (50, 95, 100))
    return f"{road}: median {p50:.0f}, p95 {p95:.0f}, longest {longest:.0f}"


async def _measure() -> tuple[str, dict[Road, list[float | None]]]:
    """Return by what means paths were lost, and what each road has in trials."""
    means, trials = zip(*await asyncio.gather(*map(_road, ROADS)), strict=True)
    return means[0], dict(zip(ROADS, trials, strict=True))


async def _road(road: Road) -> tuple[str, list[float | None]]:
    async with lost_path(SEED) as path:
        engine, _ = await path.start(road, UTTERANCES, "--loop")
        try:
            return path.means, await recoveries_ms(path, engine, road, BLACKOUTS_S, SEED)
        finally:
            await engine.stop()


async def recoveries_ms(
    path: LostPath, engine: EngineProcess, road: Road, blackouts_s: Sequence[float], seed: int
) -> list[float | None]:
    """Return how long each stream took to recover from each blackout; None where it was never in doubt."""
    random, took_ms = Random(f"{road} {seed}"), list[float | None]()
    for dark_s in random.sample(blackouts_s, len(blackouts_s)):
        await engine.until(all_calm)
        await asyncio.sleep(random.uniform(*REST_S))
        await engine.until(all_calm)
        path.blackout()
        await asyncio.sleep(dark_s)
        healed_s = asyncio.get_running_loop().time()
        path.heal()
        moments_s = await asyncio.gather(*(recovered_s(engine, stream) for stream in STREAMS))
        took_ms += [None if moment_s is None else (moment_s - healed_s) * 1000 for moment_s in moments_s]
        told = " and ".join("none" if each is None else f"{each:.0f} ms" for each in took_ms[-2:])
        progress(f"{road}: recovered from {dark_s:g} s after {told}")
    return took_ms
