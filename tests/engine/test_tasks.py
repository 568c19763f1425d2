"""Tasks and their owner."""

from __future__ import annotations

import asyncio

import pytest

from sentra_tui.engine.tasks import TaskOwner


async def test_a_failure_is_told_and_its_sibling_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    tasks = TaskOwner()
    failures: list[BaseException] = []
    go_on = asyncio.Event()
    done = asyncio.Event()

    async def fail() -> None:
        raise ValueError("broken")

    async def sibling() -> None:
        await go_on.wait()
        done.set()

    tasks.start(sibling(), failures.append, "sibling")
    failing = tasks.start(fail(), failures.append, "failing")
    await asyncio.wait([failing])
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait_for(done.wait(), 5)
    assert [str(failure) for failure in failures] == ["broken"]
    assert "failing" in caplog.text
    await tasks.close()


async def test_closing_waits_for_what_tasks_do_on_their_way_out() -> None:
    tasks = TaskOwner()
    steps: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            steps.append("tidied up")

    tasks.start(work(), lambda failure: steps.append(str(failure)), "work")
    await asyncio.sleep(0)
    await tasks.close()
    assert steps == ["tidied up"]
