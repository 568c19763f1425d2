"""The longest callback on the engine's loop while a talk of a minute goes through everything that this family is about.

Both streams talk; sessions end after half a minute, so that others take their place; in between the path is lost for
eight seconds, calls are dialled anew, and what nobody heard is written down afterwards. Once over each road. Time
counts from the moment that both streams are live: before it, what is imported and opened counts as the start.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, percentile, progress
from bench.steady_moments import all_calm
from bench.timed_engine import REPORT_VARIABLE, Callback, Report
from sentra_tui.domain import changes as c
from sentra_tui.domain.metrics import Metric
from tests.engine.process import EngineProcess
from tests.steady.world import Road, world

SESSION_S = 30
BEFORE_S, DARK_S, AFTER_S = 28.0, 8.0, 26.0
SEED = 49
LIMIT_MS = 50.0
TOLD = 12
_ROADS: tuple[Road, ...] = ("webrtc", "websocket")


class Seen(Struct, frozen=True):
    """One talk."""

    road: Road
    walls_ms: list[float]
    long: list[Callback]
    starting_ms: float
    """The longest callback of before."""
    rollovers: int
    recovered: int

    @property
    def told(self) -> str:
        """It in a few words."""
        worst = max(self.long, key=lambda callback: callback.wall_ms, default=None)
        over = sum(wall_ms > LIMIT_MS for wall_ms in self.walls_ms)
        itself_ms = max((callback.wall_ms - callback.queued_ms for callback in self.long), default=0.0)
        return (
            f"{self.road}: {'' if worst is None else _words(worst)}; without queueing at most {itself_ms:.0f} ms; "
            f"{over} of {len(self.walls_ms)} over {LIMIT_MS:g} ms, p99.9 {percentile(self.walls_ms, 99.9):.1f} ms; "
            f"{self.rollovers} rollovers, {self.recovered} lines recovered; while starting {self.starting_ms:.0f} ms"
        )


def _words(callback: Callback) -> str:
    collecting = f", collecting garbage {callback.collecting_ms:.0f}" if callback.collecting_ms >= 1 else ""
    ran = f"ran {callback.ran_ms:.0f}, queued {callback.queued_ms:.0f}{collecting}"
    return f"{callback.wall_ms:.0f} ms, {ran} ({callback.name})"


def measure(request: Request) -> Measurements:
    """Return the longest of both talks."""
    seen = [asyncio.run(_talk(road)) for road in _ROADS]
    walls_ms = [wall_ms for each in seen for wall_ms in each.walls_ms]
    note = "; ".join(each.told for each in seen)
    return {"engine_loop_worst_callback_ms": Measurement(value=max(walls_ms), trials=tuple(walls_ms), note=note)}


async def _talk(road: Road) -> Seen:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "callbacks.json"
        async with world(Path(folder), {"sessions": [{"expire_after_s": SESSION_S}]}, SEED) as place:
            files = (f"--journal={folder}/journal.db", f"--spool={folder}/spool")
            engine = await place.engine(
                *place.talk(utterances=20)[0],
                *files,
                "--loop",
                transport=road,
                env={REPORT_VARIABLE: str(report)},
                module="bench.timed_engine",
            )
            try:
                await engine.until(all_calm)
                live_s = time.monotonic()
                await asyncio.sleep(BEFORE_S)
                place.blackout()
                await asyncio.sleep(DARK_S)
                place.heal()
                await engine.until(all_calm)
                await asyncio.sleep(AFTER_S)
                over_s = time.monotonic()
            finally:
                await engine.stop()
        seen = _seen(road, msgspec.json.decode(report.read_bytes(), type=Report), live_s, over_s, engine)
    progress(f"loop: {seen.told}")
    for callback in sorted(seen.long, key=lambda callback: -callback.wall_ms)[:TOLD]:
        progress(f"loop: {_words(callback)}")
    if not seen.rollovers or not seen.recovered:
        raise CannotMeasure(f"nothing was put to the test: {seen.told}")
    return seen


def _seen(road: Road, report: Report, live_s: float, over_s: float, engine: EngineProcess) -> Seen:
    timed = list(zip(report.ends_s, report.walls_ms, strict=True))
    views = engine.state.streams
    return Seen(
        road=road,
        walls_ms=[wall_ms for end_s, wall_ms in timed if live_s <= end_s <= over_s],
        long=[callback for callback in report.long if live_s <= callback.at_s <= over_s],
        starting_ms=max(wall_ms for end_s, wall_ms in timed if end_s < live_s),
        rollovers=sum(each.metric is Metric.ROLLOVER_GAP_MS for each in engine.told(c.MetricMeasured)),
        recovered=sum(line.recovered for view in views for line in view.transcript),
    )
