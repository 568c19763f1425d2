"""The parts of the measurements of broken calls that could be wrong without anybody noticing."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from bench import catalogue
from bench.false_alarms import HOURS
from bench.timed_engine import LONG_MS, Report, Stopwatch


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have callbacks run as they did once the test is over."""
    monkeypatch.setattr(asyncio.Handle, "_run", asyncio.Handle._run)
    monkeypatch.setattr(gc, "callbacks", [*gc.callbacks])


def longest(report: Report) -> list[str]:
    return [callback.name for callback in report.long if callback.wall_ms >= 6 * LONG_MS]


def stand_still() -> None:
    time.sleep(8 * LONG_MS / 1000)


@pytest.mark.usefixtures("run")
async def test_a_callback_and_a_step_of_a_task_that_take_long_are_found_by_name() -> None:
    async def stand_still_in_a_task() -> None:
        stand_still()

    watch = Stopwatch()
    asyncio.get_running_loop().call_soon(stand_still)
    await asyncio.create_task(stand_still_in_a_task(), name="of the test")
    await asyncio.sleep(0)
    report = watch.report()
    first, second = longest(report)
    assert first == "stand_still"
    assert second.startswith("of the test (")
    assert len(report.ends_s) == len(report.walls_ms) > 2


@pytest.mark.usefixtures("run")
async def test_what_a_callback_slept_it_neither_ran_nor_was_queued() -> None:
    watch = Stopwatch()
    asyncio.get_running_loop().call_soon(stand_still)
    await asyncio.sleep(0)
    (slept,) = [callback for callback in watch.report().long if callback.name == "stand_still"]
    assert slept.ran_ms < 4 * LONG_MS


def test_every_figure_of_calls_that_never_give_up_is_there() -> None:
    names = {figure.name for figure in catalogue.select(["steady"])}
    assert {"detect_websocket_p95_ms", "recover_p95_ms", "blocks_lost_doubled_misordered"} <= names
    assert len(names) == 11
    assert HOURS >= 1
