from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from sentra_tui.domain.errors import SentraError
from sentra_tui.services.spool.shelf import SpoolShelf

TALK = 1_763_000_000_123


class OpenShelf(Protocol):
    def __call__(self, *, talk: int = TALK, limit_ms: int = 900_000) -> SpoolShelf: ...


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool"


@pytest.fixture
def failures() -> list[SentraError]:
    return []


@pytest_asyncio.fixture
async def shelf(root: Path, failures: list[SentraError]) -> AsyncIterator[OpenShelf]:
    closing: AsyncExitStack[bool | None]
    async with AsyncExitStack() as closing:

        def opened(*, talk: int = TALK, limit_ms: int = 900_000) -> SpoolShelf:
            made = SpoolShelf(root, talk, limit_ms=limit_ms, on_failure=failures.append)
            closing.push_async_callback(made.close)
            return made

        yield opened


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte; skip where it cannot be mounted."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
