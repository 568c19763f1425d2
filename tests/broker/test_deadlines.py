from __future__ import annotations

import asyncio

from sentra_tui.broker.deadlines import Deadlines


async def test_whoever_is_late_is_handed_over_in_order_and_nobody_else() -> None:
    late: list[str] = []
    deadlines = Deadlines(0.05, late.append)
    for one in ("ada", "bob", "eve"):
        deadlines.add(one)
    deadlines.discard("bob")
    deadlines.discard("nobody")
    async with asyncio.timeout(10):
        while len(deadlines):
            await asyncio.sleep(0.01)
    assert late == ["ada", "eve"]


async def test_the_time_of_each_begins_when_it_is_added() -> None:
    loop = asyncio.get_running_loop()
    spent_s: dict[float, float] = {}
    deadlines: Deadlines[float] = Deadlines(0.2, lambda began_s: spent_s.update({began_s: loop.time() - began_s}))
    for _ in range(3):
        deadlines.add(loop.time())
        await asyncio.sleep(0.05)
    async with asyncio.timeout(10):
        while len(deadlines):
            await asyncio.sleep(0.01)
    assert len(spent_s) == 3
    assert all(spent >= 0.199 for spent in spent_s.values())


async def test_the_newest_can_be_taken_out_and_is_never_late() -> None:
    late: list[str] = []
    deadlines = Deadlines(0.05, late.append)
    for one in ("ada", "bob", "eve"):
        deadlines.add(one)
    assert [deadlines.pop(), deadlines.pop()] == ["eve", "bob"]
    async with asyncio.timeout(10):
        while len(deadlines):
            await asyncio.sleep(0.01)
    assert late == ["ada"]
