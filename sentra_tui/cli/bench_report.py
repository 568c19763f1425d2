"""What a bench measured, as a table and as JSON lines."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterator, Sequence

from sentra_tui import __version__

_HEADINGS = ("METRIC", "N", "P50", "P95", "UNIT")
_UNITS = {"_ms": "ms", "_share": "share"}


class Figures:
    """Values by the name of what was measured; `names` are all that there may be, in order."""

    def __init__(self, names: Sequence[str]) -> None:
        self._all: dict[str, list[float]] = {str(name): [] for name in names}

    def add(self, name: str, value: float) -> None:
        """Put one more value down."""
        self._all[str(name)].append(value)

    def count(self, name: str) -> int:
        """Return how many values there are."""
        return len(self._all[str(name)])

    def table(self) -> str:
        """Return a line for each name of which there is a value; without any, that there is none."""
        if not any(self._all.values()):
            return "Nothing was measured."
        rows = [_HEADINGS]
        for name, values in self._measured():
            middle, high = (_written(name, percentile(values, share)) for share in (0.5, 0.95))
            rows.append((name, str(len(values)), middle, high, unit(name)))
        return "\n".join(_aligned(rows))

    def json_lines(self) -> Iterator[str]:
        """Yield a JSON object for each name, with every trial and the machine."""
        about = machine()
        for name, values in self._measured():
            yield json.dumps(
                {
                    "metric": name,
                    "unit": unit(name),
                    "n": len(values),
                    "p50": round(percentile(values, 0.5), 4),
                    "p95": round(percentile(values, 0.95), 4),
                    "trials": [round(value, 4) for value in values],
                    "machine": about,
                }
            )

    def _measured(self) -> Iterator[tuple[str, list[float]]]:
        return ((name, values) for name, values in self._all.items() if values)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of them (0 to 1) do not exceed: the nearest rank."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def unit(name: str) -> str:
    """Return the unit that a metric's name ends in; a name without one is a count."""
    return next((written for suffix, written in _UNITS.items() if name.endswith(suffix)), "count")


def machine() -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count() or 0,
        "python": platform.python_version(),
        "sentra_tui": __version__,
    }


def _written(name: str, value: float) -> str:
    return f"{value:.3f}" if unit(name) == "share" else f"{value:,.0f}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows in columns: names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            text.rjust(width) if 0 < index < len(row) - 1 else text.ljust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
