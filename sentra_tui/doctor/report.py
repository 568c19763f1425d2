"""The findings as text for a terminal, and as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from sentra_tui.doctor.check import Check, State

_SIGNS = {State.OK: "✓", State.WARNING: "!", State.FAILED: "✗", State.SKIPPED: "·"}
_PLAIN_SIGNS = {State.OK: "+", State.WARNING: "!", State.FAILED: "x", State.SKIPPED: "-"}
_COLOURS = {State.OK: "32", State.WARNING: "33", State.FAILED: "1;31", State.SKIPPED: "2"}
_WORD_CELLS = max(map(len, State))
_LEAST = 20
"""The narrowest column of words."""


def report_text(checks: Sequence[Check], width: int, *, signs: bool = True, colours: bool = False) -> str:
    """Return the checks as lines of at most `width` cells, by group; `signs` may be shown beyond ASCII."""
    name_cells = max((len(check.name) for check in checks), default=0)
    lines = []
    for group, members in groupby(checks, key=lambda check: check.group):
        lines.append(group.value)
        for check in _told_together(members):
            lines += _check_lines(check, name_cells, width, signs=signs, colours=colours)
        lines.append("")
    return "\n".join([*lines, *_wrapped(summary(checks), width)])


def report_json(checks: Sequence[Check]) -> str:
    """Return one JSON document: `checks`, and `summary` with their number by state."""
    document = {"checks": msgspec.to_builtins(list(checks)), "summary": _counts(checks)}
    return json.dumps(document, indent=2)


def summary(checks: Sequence[Check]) -> str:
    """Return one line for all."""
    counts = _counts(checks)
    parts = [f"{counts[state.value]} {state.value}" for state in State if counts[state.value]]
    in_the_way = ", ".join(check.name for check in checks if check.state is State.FAILED)
    verdict = f"In the way: {in_the_way}" if in_the_way else "Nothing is in the way"
    return f"{verdict}. {', '.join(parts)}."


def exit_status(checks: Sequence[Check]) -> int:
    """Return 1 where something failed, else 0."""
    return int(any(check.state is State.FAILED for check in checks))


def _counts(checks: Sequence[Check]) -> dict[str, int]:
    return {state.value: sum(check.state is state for check in checks) for state in State}


def _told_together(members: Iterable[Check]) -> Iterator[Check]:
    """Yield the checks, those that were skipped for one reason as one."""
    for (state, found, fix), alike in groupby(members, key=lambda check: (check.state, check.found, check.fix)):
        checks = list(alike)
        if state is not State.SKIPPED or len(checks) == 1:
            yield from checks
        else:
            names = ", ".join(check.name for check in checks)
            yield Check("the rest", checks[0].group, state, f"{found} Not looked at: {names}.", fix)


def _check_lines(check: Check, name_cells: int, width: int, *, signs: bool, colours: bool) -> list[str]:
    sign = (_SIGNS if signs else _PLAIN_SIGNS)[check.state]
    state = f"{sign} {check.state.value.ljust(_WORD_CELLS)}"
    before = f"  {state}  {check.name.ljust(name_cells)}  "
    narrow = width - len(before) < _LEAST
    indent = " " * (6 if narrow else len(before))
    room = max(_LEAST, width - len(indent))
    found = _wrapped(check.found, room)
    fix = _wrapped(check.fix, room - 2) if check.fix else []
    arrow = "→ " if signs else "> "
    below = [f"{arrow if index == 0 else '  '}{line}" for index, line in enumerate(fix)]
    first = [] if narrow else found[:1]
    shown = before.replace(state, f"\x1b[{_COLOURS[check.state]}m{state}\x1b[0m") if colours else before
    return [f"{shown}{''.join(first)}".rstrip(), *(f"{indent}{line}" for line in [*found[len(first) :], *below])]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]
