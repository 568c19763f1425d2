"""What two live calls cost: the whole program in a terminal, on the local provider's demo talk."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

import psutil

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, progress
from bench.new_user import environment, sentra_tui
from bench.processes import cpu_each_second, cpu_s, pss_mb, with_module
from bench.terminal import Terminal

SECONDS = 60
WARM_UP_S = 15.0
DEADLINE_S = 60.0
STREAMS = {"mic", "speaker"}
_LIVE = re.compile(r"[●◐] (\w+) (?:live|weak)")


def measure(request: Request) -> Measurements:
    """Run the program once and return both figures of its screen and engine."""
    command = (*sentra_tui(), "--provider", "local", "--mic", "demo", "--speaker", "demo", "--loop")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        Terminal(command, environment(Path(home))) as terminal,
    ):
        _wait_until_live(terminal)
        time.sleep(WARM_UP_S)
        processes = _screen_and_engine(terminal.pid)
        progress(f"two streams: {SECONDS} s of processes {[process.pid for process in processes]}")
        used_s = [cpu_s([process]) for process in processes]
        shares = cpu_each_second(processes, SECONDS)
        own_pct = [(cpu_s([process]) - used) / SECONDS * 100 for process, used in zip(processes, used_s, strict=True)]
        memory_mb = [pss_mb([process]) for process in processes]
        _wait_until_live(terminal, 0)
    cpu_pct = sum(shares) / len(shares)
    screen_pct, engine_pct = own_pct
    screen_mb, engine_mb = memory_mb
    return {
        "cpu_two_streams_pct": Measurement(
            value=cpu_pct,
            trials=tuple(shares),
            note=f"mean of {SECONDS} s, demo talk on both streams: screen {screen_pct:.1f}, engine {engine_pct:.1f}",
        ),
        "memory_two_streams_mb": Measurement(
            value=sum(memory_mb), note=f"screen {screen_mb:.0f} MB, engine {engine_mb:.0f} MB at the end of {SECONDS} s"
        ),
    }


def _screen_and_engine(pid: int) -> list[psutil.Process]:
    screen = psutil.Process(pid)
    engines = with_module(screen, "sentra_tui.engine")
    if len(engines) != 1:
        raise CannotMeasure(f"one engine was expected below the screen, not {len(engines)}")
    return [screen, *engines]


def _wait_until_live(terminal: Terminal, deadline_s: float = DEADLINE_S) -> None:
    """Return once the screen says that both calls are live; raises CannotMeasure when it does not say so in time."""
    due_s = time.monotonic() + deadline_s
    while not set(_LIVE.findall(screen := terminal.redrawn())) >= STREAMS:
        if time.monotonic() >= due_s:
            raise CannotMeasure(f"not both streams are live; the screen says: {' '.join(screen.split())[:300]}")
