"""Sleep, and clocks that are set, as two clocks show them."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.services.network.sleep import SHORTEST_BY_WALL_S, SHORTEST_S, best_clock, slept_ms


class Machine:
    """A machine that sleeps, and whose wall clock is set, as planned: a plan says so for each second awake."""

    def __init__(self, asleep_s: list[float], wall_jumps_s: list[float]) -> None:
        self.asleep_s = 0.0
        self.awake_s = 0.0
        self.wall_s = 1_800_000_000.0
        self._plan = [*zip(asleep_s, wall_jumps_s, strict=True)]

    async def second(self, seconds: float) -> None:
        if not self._plan:
            raise EOFError
        asleep_s, jump_s = self._plan.pop(0)
        self.asleep_s += asleep_s
        self.awake_s += seconds
        self.wall_s += seconds + asleep_s + jump_s


async def told(naps: AsyncIterator[int]) -> list[int]:
    """Return all of them, until the plan is at its end."""
    found: list[int] = []
    while True:
        try:
            found.append(await anext(naps))
        except EOFError:
            return found


@pytest.mark.parametrize("nap_s", [10, 3600, 8 * 3600])
async def test_a_sleep_is_told_once_with_its_length(nap_s: float) -> None:
    machine = Machine([0, nap_s, 0, 0], [0] * 4)
    assert await told(slept_ms(lambda: machine.asleep_s, sleep=machine.second)) == [nap_s * 1000]


async def test_no_sleep_that_a_call_would_notice_is_told() -> None:
    machine = Machine([1.9, 0, 1.9], [0] * 3)
    assert await told(slept_ms(lambda: machine.asleep_s, sleep=machine.second)) == []


@given(st.lists(st.floats(-7200, 7200), min_size=1, max_size=20))
def test_no_step_of_the_wall_clock_is_a_sleep_where_there_are_better_clocks(jumps_s: list[float]) -> None:
    machine = Machine([0] * len(jumps_s), jumps_s)
    assert asyncio.run(told(slept_ms(lambda: machine.asleep_s, sleep=machine.second))) == []


async def test_by_the_wall_clock_alone_a_sleep_is_told_and_slewing_or_a_clock_set_back_is_not() -> None:
    machine = Machine([0, 0, 30, 0, 0], [0.5, -3600, 0, 0.0005, 4.9])
    naps = slept_ms(lambda: machine.wall_s - machine.awake_s, SHORTEST_BY_WALL_S, sleep=machine.second)
    assert await told(naps) == [30_000]


@pytest.mark.skipif(sys.platform != "linux", reason="the clocks of Linux")
def test_on_linux_no_wall_clock_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def clock(number: int) -> float:
        asked.append(number)
        return 0.0

    monkeypatch.setattr(time, "clock_gettime", clock)
    monkeypatch.setattr(time, "time", lambda: pytest.fail("the wall clock was asked"))
    asleep, shortest_s = best_clock()
    assert (asleep(), shortest_s) == (0.0, SHORTEST_S)
    assert asked == [time.CLOCK_BOOTTIME, time.CLOCK_MONOTONIC]


def test_this_machine_is_awake() -> None:
    asleep, _ = best_clock()
    assert abs(asleep() - asleep()) < 1
