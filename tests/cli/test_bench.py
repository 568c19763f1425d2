"""`sentra-tui bench`: a short run with a real engine and provider, and the table."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.cli.bench import Bench, CannotMeasure, Part
from sentra_tui.cli.bench_report import Figures, percentile, unit
from sentra_tui.link import EngineLink
from tests.cli.test_cli import SENTRA, run
from tests.pulse import PulseServer, running_pulse

POSIX = os.name == "posix"


@pytest.fixture(scope="module")
def pulse() -> Iterator[PulseServer]:
    """A loudspeaker for spoken answers."""
    yield from running_pulse()


def test_every_part_is_measured_on_this_machine(pulse: PulseServer) -> None:
    done = run("bench", "--trials=1", "--json", env=pulse.environ)
    figures = {line["metric"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, done.stderr
    assert {"start_ms", "dial_ms", "turn_commit_ms", "turn_event_ms", "turn_sound_ms", "restart_ms"} <= set(figures)
    assert figures["dial_ms"]["n"] == figures["restart_ms"]["n"] == 1
    for figure in figures.values():
        assert figure["unit"] == unit(figure["metric"])
        assert figure["p50"] in figure["trials"]
        assert set(figure["machine"]) == {"system", "cpus", "python", "sentra_tui"}


@pytest.mark.skipif(not POSIX, reason="ctrl-c is a signal on POSIX")
def test_ctrl_c_ends_it_and_prints_what_there_is() -> None:
    with subprocess.Popen(
        [*SENTRA, "bench", "dial", "--trials=1000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as bench:
        pid = _engine_below(bench.pid)
        bench.send_signal(signal.SIGINT)
        out, err = bench.communicate(timeout=20)
    assert bench.returncode == 130
    assert "Traceback" not in err
    assert out.startswith(("METRIC", "Nothing was measured."))
    assert not psutil.pid_exists(pid)


def _engine_below(parent: int) -> int:
    """Return the engine that this bench started, once there is one."""
    for _ in range(200):
        for child in psutil.Process(parent).children():
            if "sentra_tui.engine" in child.cmdline():
                return int(child.pid)
        psutil.cpu_percent(interval=0.1)
    raise AssertionError("no engine was started")


async def test_an_engine_that_cannot_call_is_told(tmp_path: Path) -> None:
    script = tmp_path / "engine.py"
    failed = '{"type":"stream_failed","stream":"mic","at_ms":1,"cause":"No API key.","hint":"Set one."}'
    script.write_text(f"import sys\nprint('{failed}', flush=True)\nsys.stdin.read()\n")
    link = EngineLink([], tmp_path / "engine.log", command=(sys.executable, str(script)))
    bench = Bench(link, frozenset({Part.DIAL}), Figures(["start_ms"]), lambda _: None)
    with pytest.raises(CannotMeasure, match="No API key"):
        await asyncio.wait_for(bench.run(1), 20)


def test_it_has_help() -> None:
    done = run("bench", "--help")
    assert done.returncode == 0
    assert "--trials" in done.stdout


def test_a_name_that_cannot_be_measured_is_a_usage_error() -> None:
    done = run("bench", "blackouts")
    assert done.returncode == 2
    assert "blackouts" in done.stderr


def test_the_table_aligns_names_to_the_left_and_numbers_to_the_right() -> None:
    figures = Figures(["dial_ms", "loss_up_share", "disconnects", "jitter_ms"])
    for value in (1500.4, 90, 100):
        figures.add("dial_ms", value)
    figures.add("loss_up_share", 0.0125)
    figures.add("disconnects", 1)
    assert figures.table().splitlines() == [
        "METRIC         N    P50    P95  UNIT",
        "dial_ms        3    100  1,500  ms",
        "loss_up_share  1  0.013  0.013  share",
        "disconnects    1      1      1  count",
    ]
    assert Figures(["dial_ms"]).table() == "Nothing was measured."


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) * (1 - 1e-9)
