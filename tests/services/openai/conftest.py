from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.services.openai.peer import Peer, running_peer


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    async with running_peer() as running:
        yield running
