"""The metrics that the documentation lists are those that are measured, by the words of the screen."""

from __future__ import annotations

import re
from pathlib import Path

from sentra_tui.domain.log_file import BYTES_MAX, OLDER_KEPT
from sentra_tui.domain.metrics import VALUES_KEPT, WORDS, Metric

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_every_metric_is_documented_by_its_words_on_the_screen() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert {name: words for name, words, _ in rows} == {metric.value: WORDS[metric].strip() for metric in Metric}
    assert len(rows) == len(Metric)


def test_what_the_page_says_of_limits_is_so() -> None:
    assert f"newest {VALUES_KEPT} values" in PAGE
    assert BYTES_MAX == 1 << 20
    assert OLDER_KEPT == 2
