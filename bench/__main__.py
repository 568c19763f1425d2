"""`python -m bench`: list the promised figures, or measure some of them.

The exit status says whether the bench worked, not whether the goals were met: 1 when a measurement broke, 2 for a name
that is not known.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from bench import catalogue
from bench.catalogue import Figure
from bench.family import BenchBroke, measure_apart
from bench.measurement import Measurement, Request, Result, progress, result

SAMPLES_VARIABLE = "SENTRA_SAMPLES"
DEFAULT_SAMPLES = Path(__file__).parents[2] / "shared" / "samples"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        chosen = catalogue.select(arguments.names)
    except catalogue.UnknownFigure as error:
        sys.stderr.write(f"bench: {error} Without names, all are listed.\n")
        return 2
    if not chosen:
        _list(catalogue.figures())
        return 0
    bench = _Bench(arguments.samples)
    rows = list(_told(bench.run(chosen), as_json=arguments.json))
    if not arguments.json:
        _table(rows)
    return 1 if bench.broke else 0


class _Bench:
    """Measures family after family."""

    def __init__(self, samples: Path | None) -> None:
        self._samples = samples
        self.broke = False

    def run(self, chosen: Sequence[Figure]) -> Iterator[Result]:
        """Yield a result for each figure; one without a value where it could not be measured."""
        for module, family in groupby(chosen, key=lambda figure: figure.module):
            wanted = list(family)
            progress(f"measuring {', '.join(figure.name for figure in wanted)}")
            yield from self._measure(module, wanted)

    def _measure(self, module: str, wanted: Sequence[Figure]) -> Iterator[Result]:
        samples = None if self._samples is None else str(self._samples)
        request = Request(figures=frozenset(figure.name for figure in wanted), samples=samples)
        try:
            measurements = measure_apart(module, request)
        except BenchBroke as error:
            self.broke = True
            measurements = {figure.name: Measurement(value=None, note=str(error)) for figure in wanted}
        for figure in wanted:
            yield result(figure, measurements[figure.name])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what the project promises.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a figure, a group, or all; none lists them")
    parser.add_argument("--json", action="store_true", help="print one JSON line for each figure")
    parser.add_argument(
        "--samples",
        type=Path,
        metavar="DIR",
        default=_default_samples(),
        help=f"the folder of recorded speech (or set {SAMPLES_VARIABLE})",
    )
    return parser


def _default_samples() -> Path | None:
    chosen = os.environ.get(SAMPLES_VARIABLE)
    if chosen:
        return Path(chosen)
    return DEFAULT_SAMPLES if DEFAULT_SAMPLES.is_dir() else None


def _told(results: Iterator[Result], *, as_json: bool) -> Iterator[Result]:
    """Pass results on, printing each as a line at once where that is wanted."""
    for each in results:
        if as_json:
            print(msgspec.json.encode(each).decode(), flush=True)
        yield each


def _list(figures: Sequence[Figure]) -> None:
    for group, members in groupby(figures, key=lambda figure: figure.group):
        print(group)
        for figure in members:
            print(f"  {figure.name:<33} {figure.goal_words:<36} {figure.measures}")


def _table(results: Sequence[Result]) -> None:
    print(f"{'figure':<33} {'value':>9} {'p50':>9} {'p95':>9} {'n':>6} {'goal':>7}  met  unit")
    for each in results:
        numbers = " ".join(f"{_short(number):>9}" for number in (each.value, each.p50, each.p95))
        met = "yes" if each.met else "NO"
        print(f"{each.figure:<33} {numbers} {each.n:>6} {each.goal:>7g}  {met:<3}  {each.unit}")
        if each.note:
            print(f"{'':<34}{each.note}")


def _short(number: float | None) -> str:
    return "–" if number is None else f"{number:.4g}"


if __name__ == "__main__":
    sys.exit(main())
