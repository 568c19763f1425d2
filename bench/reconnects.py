"""What a thousand calls that break leave behind, in one process: tasks, sockets, descriptors, threads, and memory.

The engine's streams, with all that keeps and recovers their calls, and the provider run in this process. Both streams
say counted sound. Calls break in every way by turns: renewed, asleep, hung up and dialled again, replaced by one that
stood beside, closed or reset by the provider, refused at the dial. Half of them go over WebRTC, half over WebSockets.
What there is is counted while both streams are live, after the first few breaks and after the last.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from msgspec import Struct

from bench.inner_streams import OURS, Streams
from bench.measurement import Measurement, Measurements, Request, median, progress
from sentra_tui.provider.faults import Faults, Plan, RequestFault, SessionFault
from sentra_tui.provider.server import ProviderOptions, serving
from tests.steady.world import Road

RECONNECTS = 1_000
"""Of both roads and both streams."""
WARM_UP = 40
SETTLE_S = 9.0
"""Connections for requests are kept open for five seconds."""
KEPT_MAX = 4
LOOKS = 4
"""What ends by itself within seconds is no leak."""
_ROUND = 20
_ROADS: tuple[Road, ...] = ("webrtc", "websocket")
_THEIRS = {
    "closed": Plan(sessions=[SessionFault(close_call_after_s=0.2, close_code=1011)]),
    "dropped": Plan(sessions=[SessionFault(close_channel_after_s=0.2, reset_after_s=0.2)]),
}
_REFUSED = Plan(
    calls=[RequestFault(numbers=list(range(1, 99, 2)), status=503)],
    sockets=[RequestFault(numbers=list(range(1, 99, 2)), status=503)],
)
"""Every other dial fails."""


class Holdings(Struct, frozen=True):
    """What this process holds."""

    tasks: int
    sockets: int
    descriptors: int
    threads: int
    kept: int
    """Connections for requests that the provider has open: each is a task, and a socket on either side."""
    memory_mb: float


def measure(request: Request) -> Measurements:
    """Return the sum of what is left over both roads."""
    asyncio_left, notes = 0, []
    for road in _ROADS:
        left, note = asyncio.run(_measure(road, RECONNECTS // len(_ROADS)))
        asyncio_left += left
        notes.append(f"{road}: {note}")
    return {"leaks_after_1000_reconnects": Measurement(value=float(asyncio_left), n=RECONNECTS, note="; ".join(notes))}


async def _measure(road: Road, count: int) -> tuple[int, str]:
    async with _live(road) as (streams, faults):
        await _reconnect(streams, faults, WARM_UP, road)
        before, began_s = await _count(streams), time.monotonic()
        half = await _reconnect(streams, faults, count // 2, road)
        middle_mb = _memory_mb()
        await _reconnect(streams, faults, count - half, road)
        took_s = time.monotonic() - began_s
        after = await _count(streams)
        quarter = count // 8
        early_ms, late_ms = median(streams.dials_ms[WARM_UP:][:quarter]), median(streams.dials_ms[-quarter:])
    left = _left(before, after)
    more = ", ".join(f"{number} {name}" for name, number in left.items())
    note = (
        f"{count} reconnects in {took_s:.0f} s left {more}, and {after.kept - before.kept:+d} connections kept "
        f"for requests; memory {before.memory_mb:.0f} MB, {middle_mb:.0f} in the middle, {after.memory_mb:.0f} at the "
        f"end; a dial took {early_ms:.0f} ms in the first eighth and {late_ms:.0f} in the last"
    )
    return sum(max(0, left[name]) for name in ("tasks", "sockets", "threads")), note


def _left(before: Holdings, after: Holdings) -> dict[str, int]:
    """Return how much more there is, but for a few connections that a pool keeps since it needed them together once."""
    more = after.kept - before.kept
    spare = more if 0 < more <= KEPT_MAX else 0
    return {
        "tasks": after.tasks - before.tasks - spare,
        "sockets": after.sockets - before.sockets - 2 * spare,
        "descriptors": after.descriptors - before.descriptors - 2 * spare,
        "threads": after.threads - before.threads,
    }


@asynccontextmanager
async def _live(road: Road) -> AsyncIterator[tuple[Streams, Faults]]:
    faults = Faults(Plan())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with serving(ProviderOptions(), faults=faults) as provider:
            # Threads are kept: have all there before they are counted.
            await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.2) for _ in range(64)))
            streams = Streams(Path(folder), road, provider)
            try:
                await streams.start()
                yield streams, faults
            finally:
                await streams.close()


async def _reconnect(streams: Streams, faults: Faults, count: int, road: Road) -> int:
    """Have so many calls break, some of them in each way; return how many it were."""
    ways = [*OURS, *_THEIRS, "refused"]
    done = 0
    while done < count:
        way = ways[done // _ROUND % len(ways)]
        faults.change(_REFUSED if way == "refused" else _THEIRS.get(way, Plan()))
        several = min(_ROUND, count - done) // len(streams.manager.streams)
        if way in _THEIRS or way == "refused":
            for stream in streams.manager.streams:
                stream.call.renew("The provider does otherwise now.")
            await streams.until_live()
        for _ in range(several):
            broken = "renewed" if way == "refused" else way
            await asyncio.gather(*(streams.reconnect(stream, broken) for stream in streams.manager.streams))
        faults.change(Plan())
        done += several * len(streams.manager.streams)
        progress(f"reconnects over {road}: {done} of {count}, the last {way}")
    return done


async def _count(streams: Streams) -> Holdings:
    """Return the least of what is held in a few looks, both streams live and nothing left to write down."""
    await asyncio.sleep(SETTLE_S)
    looks = []
    for _ in range(LOOKS):
        await streams.until_live()
        await streams.until_recovered()
        gc.collect()
        looks.append(_look())
        await asyncio.sleep(1)
    progress(f"reconnects: {', '.join(f'{count} {name}' for name, count in sorted(_tasks().items()))}")
    return Holdings(**{name: min(getattr(look, name) for look in looks) for name in Holdings.__struct_fields__})


def _look() -> Holdings:
    process, names = psutil.Process(), _tasks()
    return Holdings(
        tasks=len(asyncio.all_tasks()),
        sockets=len(process.net_connections("all")),
        descriptors=process.num_fds(),
        threads=threading.active_count(),
        kept=names["RequestHandler.start"],
        memory_mb=_memory_mb(),
    )


def _tasks() -> Counter[str]:
    return Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())


def _memory_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6
