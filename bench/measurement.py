"""What a measurement gives, and how it is told."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from bench.catalogue import Figure

DECIMALS = 3


class Measurement(Struct, frozen=True, kw_only=True):
    """A figure's value and the `trials` it comes from, or no value and the reason."""

    value: float | None
    trials: tuple[float, ...] = ()
    n: int | None = None
    """How many trials there were, where they are not `trials`."""
    note: str = ""


Measurements = dict[str, Measurement]


class Request(Struct, frozen=True, kw_only=True):
    """What to measure, and with what."""

    figures: frozenset[str]
    samples: str | None = None
    """The folder of recorded speech."""


class CannotMeasure(Exception):
    """This machine lacks what the figure needs; the message says what."""


class MeasuringModule(Protocol):
    """A module of this package that measures one family of figures."""

    def measure(self, request: Request) -> Measurements:
        """Return what was measured; raises CannotMeasure."""
        ...


class Result(Struct, frozen=True, kw_only=True):
    """One line of output."""

    figure: str
    value: float | None
    unit: str
    n: int
    p50: float | None
    p95: float | None
    goal: float
    met: bool
    note: str


def result(figure: Figure, measurement: Measurement) -> Result:
    """Return what to print of a measurement; one without trials of its own stands for itself."""
    trials = measurement.trials or (() if measurement.value is None else (measurement.value,))
    return Result(
        figure=figure.name,
        value=_rounded(measurement.value),
        unit=figure.unit,
        n=len(trials) if measurement.n is None else measurement.n,
        p50=_rounded(percentile(trials, 50)),
        p95=_rounded(percentile(trials, 95)),
        goal=figure.goal,
        met=measurement.value is not None and figure.met_by(measurement.value),
        note=measurement.note,
    )


def percentile(trials: Sequence[float], percent: float) -> float | None:
    """Return the value that `percent` of the trials do not exceed, interpolated between neighbours; None of none."""
    if not trials:
        return None
    ordered = sorted(trials)
    position = (len(ordered) - 1) * percent / 100
    below, above = math.floor(position), math.ceil(position)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median(trials: Sequence[float]) -> float:
    """Return the middle of at least one trial."""
    middle = percentile(trials, 50)
    assert middle is not None
    return middle


def progress(words: str) -> None:
    """Say on standard error how far it is."""
    print(f"bench: {words}", file=sys.stderr, flush=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
