"""What a machine cannot prove is said by name."""

from __future__ import annotations

import pytest

from tests.scoreboard import unproven_rows


def report(name: str, reason: str, *rows: int) -> pytest.TestReport:
    longrepr = ("tests/steady/test_x.py", 1, f"Skipped: {reason}")
    properties = [("row", row) for row in rows]
    nodeid = f"tests/steady/test_x.py::{name}"
    return pytest.TestReport(nodeid, ("", 1, ""), {}, "skipped", longrepr, "setup", user_properties=properties)


def test_a_row_whose_test_was_skipped_is_named_with_the_reason() -> None:
    skipped = [report("test_a", "needs root", 6, 7), report("test_b", "no nft", 7), report("test_c", "no samples")]
    assert unproven_rows(skipped) == {6: ["test_a (needs root)"], 7: ["test_a (needs root)", "test_b (no nft)"]}
