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

from bench.measurement import Measurement, Measurements, Request, median, progress
from sentra_tui.domain import changes as c
from sentra_tui.domain import config_file
from sentra_tui.domain.config import BLOCKS_TRANSCRIPTION_MODEL, DEMO_TRANSCRIPTION_MODEL
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.state import Connection
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.clock import EngineClock
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.recovery.crew import RecoveryCrew
from sentra_tui.engine.steady.beside import CallBeside
from sentra_tui.engine.steady.crew import SteadyCrew
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamRunner
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.engine.wiring import Wiring
from sentra_tui.media.coded_sound import write_talk
from sentra_tui.provider.faults import Faults, Plan, RequestFault, SessionFault
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving
from tests.engine.peers import ListSink, until
from tests.engine.roads.conversation import HTTP_MODELS, PROFILE
from tests.steady.world import Road

RECONNECTS = 1_000
"""Of both roads and both streams."""
WARM_UP = 40
STANDS_S = 0.05
"""How long a call stands before it is broken by us."""
SETTLE_S = 9.0
"""Connections for requests are kept open for five seconds."""
LOOKS = 4
"""What ends by itself within seconds is no leak."""
_ROUND = 20
_PATIENCE_S = 60.0
_ROADS: tuple[Road, ...] = ("webrtc", "websocket")
_OURS = ("renewed", "slept", "hung up", "replaced")
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
    memory_mb: float


class Streams:
    """Both streams of an engine, with what keeps and recovers their calls."""

    def __init__(self, folder: Path, road: Road, provider: ProviderStarted) -> None:
        path = folder / "config.toml"
        profile = PROFILE.format(base_url=provider.base_url) + f'transport = "{road}"\n' + HTTP_MODELS
        profile = profile.replace(DEMO_TRANSCRIPTION_MODEL, BLOCKS_TRANSCRIPTION_MODEL)
        path.write_text(f"[reconnect]\nbase_s = 0\ncap_s = 0\n{profile}", encoding="utf-8")
        config = config_file.load(path)
        self.store, self.tasks, clock = Store(), TaskOwner(), EngineClock()
        sound = {name: folder / f"{name}.wav" for name in ("mic", "speaker")}
        for place, recording in enumerate(sound.values()):
            write_talk(recording, 1 + 5_000 * place, utterances=20)
        options = EngineOptions(
            provider="remote", mic=str(sound["mic"]), speaker=str(sound["speaker"]), loop=True, spool=folder / "spool"
        )
        environ = {"REMOTE_KEY": provider.api_key}
        self._wiring = Wiring(options, config, environ, self.store.publish, clock.now_ms)
        context = EngineContext(self.tasks, clock.now_ms, self.store.publish)
        ports = self._wiring.ports(_bill, _sink)
        self.manager = ConnectionManager(self._wiring.plans(), self.store, config, ports, context)
        self._steady = SteadyCrew(
            self._wiring.network(), config.reconnect, 3_600_000, self.manager, self.store, context
        )
        recovery = self._wiring.recovery(clock.started_at)
        self._recovery = RecoveryCrew(recovery, config.recovery, self.manager, _bill, self.store, context)
        self._beside = {
            stream.name: CallBeside(stream, self.store, config.reconnect.dead_s, context)
            for stream in self.manager.streams
        }
        self.dials_ms: list[float] = []
        self._stood = dict.fromkeys(sound, 0)
        self.store.subscribe(self._count)

    async def start(self) -> None:
        """Be live."""
        self.manager.name_streams()
        self._recovery.start()
        self._steady.start()
        self.manager.start()
        for stream in self.manager.streams:
            stream.call.connect()
        await self.until_live()

    async def until_live(self) -> None:
        """Wait until both calls stand."""
        await until(lambda: all(stream.call.state is Connection.LIVE for stream in self.manager.streams), _PATIENCE_S)

    async def until_recovered(self) -> None:
        """Wait until no sound waits to be written down."""
        await until(lambda: not any(view.recovering_ms for view in self.store.state.streams), _PATIENCE_S)

    async def reconnect(self, stream: StreamRunner, way: str) -> None:
        """Break the call of a stream in this way, and wait until another stands."""
        before = self._stood[stream.name]
        if way in _OURS:
            await asyncio.sleep(STANDS_S)
            await self._break(stream, way)
        async with asyncio.timeout(_PATIENCE_S):
            while self._stood[stream.name] == before or stream.call.state is not Connection.LIVE:
                if stream.call.state in (Connection.FAILED, Connection.OFF):
                    stream.call.connect()
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Hang up, and let go of everything."""
        for beside in self._beside.values():
            beside.drop()
        await self._steady.close()
        await self.manager.close()
        await self._recovery.close()
        await self.tasks.close()
        await self._wiring.close()

    async def _break(self, stream: StreamRunner, way: str) -> None:
        match way:
            case "renewed":
                stream.call.renew("The bench wants another.")
            case "slept":
                stream.call.slept(60_000)
            case "hung up":
                stream.call.hang_up()
                stream.call.connect()
            case _:
                beside = self._beside[stream.name]
                beside.dial()
                await until(lambda: beside.stands or not beside.dialling, _PATIENCE_S)
                given = beside.give()
                if given is not None:
                    stream.call.take(given)

    def _count(self, change: c.Change) -> None:
        if isinstance(change, c.StreamConnected):
            self._stood[change.stream] += 1
            self.dials_ms.append(change.dial_ms)


async def _sink() -> AudioSink:
    return ListSink()


def _bill(stream: str, lane: str, model: str, usage: Usage) -> None:
    """Nobody pays here."""


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
        quarter = count // 4
        early_ms, late_ms = median(streams.dials_ms[WARM_UP:][:quarter]), median(streams.dials_ms[-quarter:])
    left = {
        name: getattr(after, name) - getattr(before, name) for name in ("tasks", "sockets", "descriptors", "threads")
    }
    more = ", ".join(f"{number} {name}" for name, number in left.items())
    note = (
        f"{count} reconnects in {took_s:.0f} s left {more}; memory {before.memory_mb:.0f} MB, {middle_mb:.0f} in the "
        f"middle, {after.memory_mb:.0f} at the end; a dial took {early_ms:.0f} ms in the first quarter and "
        f"{late_ms:.0f} in the last"
    )
    return sum(max(0, number) for name, number in left.items() if name != "descriptors"), note


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
    ways = [*_OURS, *_THEIRS, "refused"]
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
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())
    progress(f"reconnects: {', '.join(f'{count} {name}' for name, count in sorted(names.items()))}")
    return Holdings(**{name: min(getattr(look, name) for look in looks) for name in Holdings.__struct_fields__})


def _look() -> Holdings:
    process = psutil.Process()
    return Holdings(
        tasks=len(asyncio.all_tasks()),
        sockets=len(process.net_connections("all")),
        descriptors=process.num_fds(),
        threads=threading.active_count(),
        memory_mb=_memory_mb(),
    )


def _memory_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6
