"""How soon the screen is there, against the smallest Textual program."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.measurement import Measurement, Measurements, Request, progress
from bench.new_user import environment, sentra_tui
from bench.terminal import Terminal

RUNS = 5
DEADLINE_S = 20.0
MINIMAL = (sys.executable, str(Path(__file__).with_name("minimal_app.py")))


def measure(request: Request) -> Measurements:
    """Return the ratio of the best of `RUNS` runs each, one after the other in turn, after one that warms up."""
    ours = (*sentra_tui(), "--provider", "local")
    _first_paint_ms(MINIMAL)
    _first_paint_ms(ours)
    pairs = [(_first_paint_ms(MINIMAL), _first_paint_ms(ours)) for _ in range(RUNS)]
    for reference_ms, own_ms in pairs:
        progress(f"first paint: minimal {reference_ms:.0f} ms, sentra-tui {own_ms:.0f} ms")
    reference_ms = min(reference for reference, _ in pairs)
    own_ms = min(own for _, own in pairs)
    return {
        "first_paint_ratio": Measurement(
            value=own_ms / reference_ms,
            trials=tuple(own / reference for reference, own in pairs),
            note=f"best of {RUNS}: {own_ms:.0f} ms against {reference_ms:.0f} ms; p50 and p95 are of the pairs",
        )
    }


def _first_paint_ms(command: Sequence[str]) -> float:
    """Return the time of one run in an empty home."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        Terminal(command, environment(Path(home))) as terminal,
    ):
        return terminal.first_paint_ms(DEADLINE_S)
