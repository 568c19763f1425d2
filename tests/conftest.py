"""What every test gets: a check that it leaves no task behind, and the recorded speech where there is some."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.scoreboard"]

# The machines that run this are shared: how long an example takes says nothing.
settings.register_profile("shared", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

# Who runs in the background of a shell ignores ctrl-c, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SAMPLES = Path(__file__).parents[2] / "shared" / "samples"


LONG_FIRST = tuple(Path(__file__).parent / name for name in ("steady", "engine", "services/audio"))
"""Folders whose files take long: begun last, one of them would keep one process busy while the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have what takes long begin first; all else keeps its order."""
    items.sort(key=lambda item: not any(item.path.is_relative_to(folder) for folder in LONG_FIRST))


@pytest_asyncio.fixture(autouse=True)
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Fail a test that ends while tasks that it started still run."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    leaked = {task for task in asyncio.all_tasks() - before if not task.done()}
    leaked.discard(asyncio.current_task())
    assert not leaked, f"tasks left running: {leaked}"


@pytest.fixture
def sample() -> Callable[[str], Path]:
    """Return the path of a recording by its file name; skip where the recordings are absent."""

    def find(name: str) -> Path:
        path = SAMPLES / name
        if not path.is_file():
            pytest.skip(f"recorded speech is absent: {name}")
        return path

    return find
