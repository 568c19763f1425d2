from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from sentra_tui.broker.members import MembersFile
from sentra_tui.broker.server import BrokerOptions, serving
from sentra_tui.provider.server import ProviderOptions, ProviderStarted
from sentra_tui.provider.server import serving as provider_serving
from tests.broker.team import KEY_ENV, Team, config


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Run with the loosest umask that there is: what is private is so by our doing."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[ProviderStarted]:
    async with provider_serving(ProviderOptions()) as started:
        yield started


@pytest_asyncio.fixture
async def team(provider: ProviderStarted, tmp_path: Path) -> AsyncIterator[Team]:
    async with running_team(provider, tmp_path) as running:
        yield running


@asynccontextmanager
async def running_team(provider: ProviderStarted, directory: Path, settings: str = "") -> AsyncIterator[Team]:
    """Yield a broker in front of the local provider; `settings` are lines of `[broker]`."""
    members = MembersFile(directory / "team" / "members.json")
    options = BrokerOptions(members=members.path, audit=directory / "team" / "audit.jsonl")
    environ = {KEY_ENV: provider.api_key}
    async with serving(options, config(provider.base_url, settings), environ) as started:
        yield Team(started.url, members, directory / "team" / "audit.jsonl", provider)
