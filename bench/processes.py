"""What processes use, as the kernel counts it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.measurement import CannotMeasure


def cpu_s(processes: Sequence[psutil.Process]) -> float:
    """Return the processor time that these processes have used, in seconds."""
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def pss_mb(processes: Sequence[psutil.Process]) -> float:
    """Return the memory of these processes in MB, shared pages by share; raises CannotMeasure where none tells."""
    return sum(map(_pss_kb, processes)) / 1000


def _pss_kb(process: psutil.Process) -> float:
    try:
        report = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError as error:
        raise CannotMeasure(f"PSS is not to be had here: {error.strerror}") from error
    kib = next(int(line.split()[1]) for line in report.splitlines() if line.startswith("Pss:"))
    return kib * 1.024


def cpu_each_second(processes: Sequence[psutil.Process], seconds: int) -> list[float]:
    """Return the use of each second, in percent of one core; this takes so many seconds."""
    shares = []
    began_s, used_s = time.perf_counter(), cpu_s(processes)
    for _ in range(seconds):
        time.sleep(1)
        now_s, now_used_s = time.perf_counter(), cpu_s(processes)
        shares.append((now_used_s - used_s) / (now_s - began_s) * 100)
        began_s, used_s = now_s, now_used_s
    return shares


def with_module(root: psutil.Process, module: str) -> list[psutil.Process]:
    """Return the descendants of `root` that run `python -m MODULE`."""
    return [child for child in root.children(recursive=True) if ["-m", module] == child.cmdline()[1:3]]
