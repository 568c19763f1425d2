"""How long `sentra-tui --help` takes."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from bench.measurement import Measurement, Measurements, Request, median
from bench.new_user import environment, sentra_tui

RUNS = 30


def measure(request: Request) -> Measurements:
    """Return the median of `RUNS` runs, after one that warms the file cache."""
    command = (*sentra_tui(), "--help")
    with tempfile.TemporaryDirectory() as home:
        environ = environment(Path(home))
        _run_ms(command, environ)
        trials = tuple(_run_ms(command, environ) for _ in range(RUNS))
    return {"cli_help_ms": Measurement(value=median(trials), trials=trials, note="p50, warm file cache")}


def _run_ms(command: tuple[str, ...], environ: dict[str, str]) -> float:
    began_s = time.perf_counter()
    subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began_s) * 1000
