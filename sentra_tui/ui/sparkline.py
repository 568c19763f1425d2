"""The newest values as a row of small bars."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
SPAN_MIN = 0.5
"""The bars span at least this share of the highest value: what hardly changes looks as calm as it is."""


def sparkline(values: Sequence[float], cells: int) -> str:
    """Return the newest `values` as bars, newest last, one cell each and at most `cells` of them."""
    shown = values[-cells:] if cells > 0 else ()
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    span = max(high - low, SPAN_MIN * abs(high)) or 1.0
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1))] for value in shown)
