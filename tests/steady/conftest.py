"""A bad network for every test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.steady.world import World
from tests.steady.world import world as opened


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A provider without faults behind a network without faults, until the test changes them."""
    async with opened(tmp_path) as place:
        yield place
