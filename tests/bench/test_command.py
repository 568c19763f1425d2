"""The form of `python -m bench`; what it measures is not judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
KEYS = ["figure", "value", "unit", "n", "p50", "p95", "goal", "met", "note"]


def bench(*arguments: str, samples: str = "") -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "SENTRA_SAMPLES": samples}
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(
        command, cwd=CHECKOUT, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=55
    )


def test_without_names_it_lists_every_figure_with_its_goal() -> None:
    done = bench()
    assert done.returncode == 0
    assert "first_paint_ratio" in done.stdout
    assert "≥ 0.6 share of words" in done.stdout


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    done = bench("dial_ration")
    assert done.returncode == 2
    assert "Did you mean dial_ratio?" in done.stderr
    assert done.stdout == ""


def test_a_figure_that_cannot_be_measured_is_one_line_without_a_value(tmp_path: Path) -> None:
    done = bench("demo_words_right_ratio", "--json", samples=str(tmp_path))
    assert done.returncode == 0
    line = json.loads(done.stdout)
    assert list(line) == KEYS
    assert (line["value"], line["met"], line["n"]) == (None, False, 0)
    assert "samples" in line["note"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_measured_figure_is_told_with_its_trials_and_its_goal(as_json: bool) -> None:
    done = bench("cli_help_ms", *(["--json"] if as_json else []))
    assert done.returncode == 0
    assert "measuring" in done.stderr
    if not as_json:
        assert done.stdout.splitlines()[1].startswith("cli_help_ms ")
        return
    line = json.loads(done.stdout)
    assert list(line) == KEYS
    assert line["p50"] == line["value"] <= line["p95"]
    assert (line["goal"], line["unit"]) == (100, "ms")
