"""What the screen costs, and how late its loop runs, under a flood of words in all four panes."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import msgspec

from bench.measurement import Measurement, Measurements, Request, percentile, progress
from bench.new_user import environment
from bench.terminal import Terminal

DEADLINE_S = 90.0


def measure(request: Request) -> Measurements:
    """Run the screen once, in a pty, and return both figures."""
    from bench.flood import LINES_HELD, Flooded

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        result = Path(folder) / "flooded.json"
        command = (sys.executable, "-m", "bench.flood", str(result))
        with Terminal(command, environment(Path(folder))) as terminal:
            terminal.first_paint_ms(DEADLINE_S)
            _wait_for(result, terminal)
        flooded = msgspec.json.decode(result.read_bytes(), type=Flooded)
    cpu_pct = sum(flooded.cpu_pct) / len(flooded.cpu_pct)
    progress(f"four panes: {cpu_pct:.1f} %")
    held = f"{LINES_HELD:,} lines in each transcript"
    return {
        "ui_four_panes_cpu_pct": Measurement(
            value=cpu_pct,
            trials=tuple(flooded.cpu_pct),
            note=f"mean of {len(flooded.cpu_pct)} s, {held}; making the flood included",
        ),
        "ui_four_panes_lag_p99_ms": Measurement(
            value=percentile(flooded.lag_ms, 99),
            trials=tuple(flooded.lag_ms),
            note=f"p99; {held}; worst {max(flooded.lag_ms):.1f} ms",
        ),
    }


def _wait_for(result: Path, terminal: Terminal) -> None:
    due_s = time.monotonic() + DEADLINE_S
    while not result.exists():
        if terminal.over or time.monotonic() > due_s:
            raise TimeoutError(f"the screen gave no result: …{terminal.last_words()}")
        time.sleep(0.2)
