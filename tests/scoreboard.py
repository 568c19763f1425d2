"""The rows of the reliability scoreboard that tests prove, and those that could not be proven on this machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest

ROW = "row"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the rows of each test travel with its report, also from another process."""
    for item in items:
        for marker in item.iter_markers(ROW):
            item.user_properties.extend((ROW, number) for number in marker.args)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the rows that a skipped test left unproven."""
    unproven = unproven_rows(terminalreporter.stats.get("skipped", ()))
    if unproven:
        terminalreporter.section("reliability rows that are unproven here")
        for number, why in sorted(unproven.items()):
            terminalreporter.line(f"row {number}: {'; '.join(why)}")


def unproven_rows(skipped: Iterable[pytest.TestReport]) -> dict[int, list[str]]:
    """Return the rows of skipped tests, with the test and the reason of each."""
    rows: dict[int, list[str]] = defaultdict(list)
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        for name, number in report.user_properties:
            if name == ROW and isinstance(number, int):
                rows[number].append(f"{report.nodeid.rpartition('::')[2]} ({reason.removeprefix('Skipped: ')})")
    return dict(rows)
