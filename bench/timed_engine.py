"""An engine whose loop is watched: `python -m bench.timed_engine`, with the arguments of an engine.

Every callback of the main thread's loop is timed by the wall clock. Of long ones it is told for how long the thread
ran, and for how long it was queued for a processor, as far as the kernel tells; else it waited for something. The
report goes to the file that `SENTRA_BENCH_CALLBACKS` names, when the engine ends. asyncio's debug mode is off.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from array import array
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sentra_tui.engine import options
from sentra_tui.engine.__main__ import main

REPORT_VARIABLE = "SENTRA_BENCH_CALLBACKS"
LONG_MS = 5.0
"""Callbacks of this length on are told one by one."""


class Callback(Struct, frozen=True):
    """One that took long."""

    at_s: float
    """On the monotonic clock."""
    wall_ms: float
    ran_ms: float
    queued_ms: float
    collecting_ms: float
    """Of what it ran, in the garbage collector."""
    name: str


class Report(Struct, frozen=True):
    """What one engine's loop did."""

    ends_s: list[float]
    """When each callback ended, on the monotonic clock."""
    walls_ms: list[float]
    """How long each took."""
    long: list[Callback]


class Stopwatch:
    """Times the callbacks of this thread's loops from now on."""

    def __init__(self) -> None:
        self._ends_s, self._walls_ms = array("d"), array("f")
        self._long: list[Callback] = []
        self._thread = threading.get_ident()
        schedstat = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._schedstat = os.open(schedstat, os.O_RDONLY) if schedstat.exists() else None
        self._run = asyncio.Handle._run  # the one place that all callbacks pass
        self._collecting_s = self._collection_began_s = 0.0
        gc.callbacks.append(self._collecting)
        stopwatch = self

        def timed(handle: asyncio.Handle) -> None:
            stopwatch.time(handle)

        asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]

    def time(self, handle: asyncio.Handle) -> None:
        """Run a callback."""
        if threading.get_ident() != self._thread:
            self._run(handle)
            return
        callback: Any = handle._callback  # type: ignore[attr-defined]
        ran_ns, queued_ns = self._schedule()
        self._collecting_s = 0.0
        began_s = time.monotonic()
        self._run(handle)
        ended_s = time.monotonic()
        wall_ms = (ended_s - began_s) * 1000
        self._ends_s.append(ended_s)
        self._walls_ms.append(wall_ms)
        if wall_ms >= LONG_MS:
            now_ran_ns, now_queued_ns = self._schedule()
            ran_ms, queued_ms = (now_ran_ns - ran_ns) / 1e6, (now_queued_ns - queued_ns) / 1e6
            collecting_ms = self._collecting_s * 1000
            self._long.append(Callback(ended_s, wall_ms, ran_ms, queued_ms, collecting_ms, _name(callback)))

    def report(self) -> Report:
        """Return what was seen."""
        return Report(self._ends_s.tolist(), self._walls_ms.tolist(), self._long)

    def _collecting(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._collection_began_s = time.monotonic()
        else:
            self._collecting_s += time.monotonic() - self._collection_began_s

    def _schedule(self) -> tuple[int, int]:
        """Return how long this thread ran, and how long it waited for a processor, in nanoseconds."""
        if self._schedstat is None:
            return time.thread_time_ns(), 0
        ran_ns, queued_ns, _ = os.pread(self._schedstat, 99, 0).split()
        return int(ran_ns), int(queued_ns)


def _name(callback: Any) -> str:
    """Return what a callback is: of a task's step, the coroutine and where it stands."""
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return f"{owner.get_name()} ({getattr(owner.get_coro(), '__qualname__', '')})"
    return str(getattr(callback, "__qualname__", type(callback).__name__))


if __name__ == "__main__":
    watch = Stopwatch()
    status = main(options.parse(sys.argv[1:]))
    Path(os.environ[REPORT_VARIABLE]).write_bytes(msgspec.json.encode(watch.report()))
    sys.exit(status)
