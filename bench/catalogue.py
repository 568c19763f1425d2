"""The figures and their goals, as `figures.toml` has them."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

ALL = "all"
_FILE = Path(__file__).with_name("figures.toml")


class Figure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One promised number. Exactly one of `max` and `min` is its goal."""

    name: str
    group: str
    unit: str
    measures: str
    module: str
    max: float | None = None
    min: float | None = None

    @property
    def goal(self) -> float:
        """The bound that the value is held against."""
        bound = self.max if self.max is not None else self.min
        assert bound is not None
        return bound

    @property
    def goal_words(self) -> str:
        """The goal as a person reads it."""
        return f"{'≤' if self.max is not None else '≥'} {self.goal:g} {self.unit}"

    def met_by(self, value: float) -> bool:
        """Return whether `value` is good enough."""
        return value <= self.goal if self.max is not None else value >= self.goal


class UnknownFigure(Exception):
    """No figure and no group has this name."""


@cache
def figures() -> tuple[Figure, ...]:
    """Return all figures, in the order of the file."""
    groups = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(
        msgspec.convert({"name": name, "group": group, **entry}, Figure)
        for group, entries in groups.items()
        for name, entry in entries.items()
    )


def select(names: Sequence[str]) -> list[Figure]:
    """Return the figures of these names, of these groups, or all; each once, in the order of the file.

    Raises UnknownFigure, naming the nearest known one.
    """
    known = {ALL, *(figure.name for figure in figures()), *(figure.group for figure in figures())}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UnknownFigure(f"There is no figure called {name}.{hint}")
    wanted = set(names)
    return [figure for figure in figures() if wanted & {ALL, figure.name, figure.group}]
