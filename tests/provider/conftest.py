"""A provider in the test's own loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving


@pytest_asyncio.fixture
async def started() -> AsyncIterator[ProviderStarted]:
    async with serving(ProviderOptions()) as provider:
        yield provider
