"""A family of figures, measured in a process of its own, so that nothing of one is left for the next.

`python -m bench.family MODULE` reads a request on standard input and writes the measurements on standard output.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from typing import cast

import msgspec

from bench.measurement import CannotMeasure, Measurement, Measurements, MeasuringModule, Request

DEADLINE_S = 900


class BenchBroke(Exception):
    """A measurement ended without a result."""


def measure_apart(module: str, request: Request) -> Measurements:
    """Return what `bench.MODULE` measures in a child process; raises BenchBroke."""
    command = (sys.executable, "-m", "bench.family", module)
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(request), stdout=subprocess.PIPE, timeout=DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchBroke(f"the bench broke: no result within {DEADLINE_S} s") from error
    if done.returncode:
        raise BenchBroke(f"the bench broke: exit status {done.returncode}")
    return msgspec.json.decode(done.stdout, type=Measurements)


def main(module: str) -> int:
    """Measure one family for the parent process."""
    results = os.dup(1)
    os.dup2(2, 1)  # what anything else prints is no result
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    measuring = cast(MeasuringModule, importlib.import_module(f"bench.{module}"))
    try:
        measurements = measuring.measure(request)
    except CannotMeasure as reason:
        measurements = {name: Measurement(value=None, note=str(reason)) for name in request.figures}
    with os.fdopen(results, "wb") as stdout:
        stdout.write(msgspec.json.encode(measurements))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
