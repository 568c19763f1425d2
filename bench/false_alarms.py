"""Calls that live on a bad network, and are suspected all the same: 5 % of packets lost, 200 ms of jitter.

Hours of it pass in virtual time, each with a seed of its own, on both roads; for a minute and a half more an engine
with two streams is behind such a network for real, on each road in its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from random import Random

import pytest

from bench.measurement import Measurement, Measurements, Request, progress
from bench.steady_moments import all_calm
from sentra_tui.domain import changes as c
from tests.netns import Namespace, network_namespace
from tests.protocol.bad_hour import alarms, over_webrtc, over_websocket
from tests.steady.world import Road, World, world

HOURS = 10
"""On each road."""
REAL_S = 90.0
LOSS = 0.05
DELAY_S, JITTER_S = 0.15, 0.1
"""Jitter spreads to both sides: 50 to 250 ms."""
SEED = 50
_ROADS: tuple[Road, ...] = ("webrtc", "websocket")
_TCP_LOSS = (
    "table inet loss {\nchain arriving {\ntype filter hook input priority 0\n"
    f"meta l4proto tcp numgen random mod 100 < {LOSS * 100:.0f} drop\n}}\n}}\n"
)


def measure(request: Request) -> Measurements:
    """Return how often a call was suspected, for each hour."""
    per_hour = [float(_virtual(road, seed)) for road in _ROADS for seed in range(HOURS)]
    real, means = _real()
    value = (sum(per_hour) + sum(real.values())) / (len(per_hour) + len(real) * REAL_S / 3600)
    told = ", ".join(f"{alarms_of} over {road}" for road, alarms_of in real.items())
    note = (
        f"{sum(per_hour):.0f} in {HOURS} virtual hours on each road; for real, {REAL_S:g} s of two streams: {told}"
        f"; {means}"
    )
    return {"false_alarms_per_hour": Measurement(value=value, trials=tuple(per_hour), note=note)}


def _virtual(road: Road, seed: int) -> int:
    random = Random(seed)
    found = alarms(over_webrtc(random, packets=False)) if road == "webrtc" else 0
    if road == "websocket":
        found = alarms(over_websocket(random), over_tcp=True)
    progress(f"false alarms: {found} in an hour over {road}, seed {seed}")
    return found


def _real() -> tuple[dict[Road, int], str]:
    """Return the alarms of each road, and how the network was made bad."""
    with contextlib.ExitStack() as stack:
        try:
            namespace = stack.enter_context(network_namespace())
            stack.enter_context(namespace.entered())
        except pytest.skip.Exception:
            return asyncio.run(_talks(None)), "relays that delay, and lose datagrams; of TCP nothing is lost here"
        return asyncio.run(_talks(namespace)), "relays that delay, and lose datagrams; nft loses packets of TCP"


async def _talks(namespace: Namespace | None) -> dict[Road, int]:
    found = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with world(Path(folder), seed=SEED) as place:
            for road in _ROADS:
                found[road] = await _talk(place, road, namespace)
                progress(f"false alarms: {found[road]} in {REAL_S:g} s over {road}")
    return found


async def _talk(place: World, road: Road, namespace: Namespace | None) -> int:
    engine = await place.engine(*place.talk(utterances=20)[0], "--loop", transport=road)
    try:
        await engine.until(all_calm)
        place.loss(LOSS)
        place.delay(DELAY_S, JITTER_S)
        if namespace is not None:
            namespace.run("nft", "-f", "-", stdin=_TCP_LOSS)
        await asyncio.sleep(REAL_S)
        broke = len(engine.told(c.StreamReconnecting))
        return broke + sum(each.suspected for each in engine.told(c.StreamSuspected))
    finally:
        place.loss(0.0)
        place.delay(0.0)
        if namespace is not None:
            namespace.run("nft", "delete", "table", "inet", "loss")
        await engine.stop()
