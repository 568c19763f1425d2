"""What became of coded sound: which of its numbers are in a transcript, and how often."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sentra_tui.domain.state import AppState
from sentra_tui.domain.transcript import Line

_NUMBER = re.compile(r"\b\d{4}\b")


@dataclass(frozen=True)
class Tally:
    """The numbers of one stream: as they were read, and what is wrong with them."""

    read: list[int]
    lost: list[int]
    doubled: list[int]
    misordered: list[int]
    """Each stands behind a greater one."""
    alien: list[int]
    """The stream never said these."""

    @property
    def flawless(self) -> bool:
        """Whether every number is there once, in its place."""
        return not (self.lost or self.doubled or self.misordered or self.alien)


def numbers_in(lines: Iterable[Line]) -> list[int]:
    """Return the numbers of coded sound in lines, in the order of the lines."""
    return [int(word) for line in lines if line.kind == "speech" for word in _NUMBER.findall(line.text)]


def numbers_of(lines: Iterable[Line], said: Sequence[int]) -> Tally:
    """Return how a transcript compares with what was said, numbers that only grow."""
    read = numbers_in(lines)
    counts = Counter(read)
    return Tally(
        read=read,
        lost=[number for number in said if not counts[number]],
        doubled=[number for number, count in counts.items() if count > 1],
        misordered=[number for place, number in enumerate(read) if place and number < max(read[:place])],
        alien=sorted(set(read) - set(said)),
    )


def tallies(state: AppState, said: dict[str, list[int]]) -> dict[str, Tally]:
    """Return the tally of each stream."""
    found = {name: state.stream(name) for name in said}
    return {name: numbers_of(() if view is None else view.transcript, said[name]) for name, view in found.items()}


def complete(state: AppState, said: dict[str, list[int]]) -> bool:
    """Return whether nothing is missing, and nothing more is to come for the lines that there are."""
    views = [state.stream(name) for name in said]
    settled = all(line.final for view in views if view is not None for line in view.transcript)
    return settled and not any(tally.lost for tally in tallies(state, said).values())
