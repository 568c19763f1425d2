"""The provider as a process: how it starts, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import psutil
import pytest

from sentra_tui.provider.__main__ import main
from sentra_tui.provider.server import ProviderStarted
from sentra_tui.provider.voice import synthesize
from tests.provider.client import DEADLINE_S, REALTIME, calling, until

COMMAND = (sys.executable, "-m", "sentra_tui.provider")
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([{sys.executable!r}, "-m", "sentra_tui.provider", "--stop-with-stdin"], stdin=subprocess.PIPE)
time.sleep(600)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's here")


@contextlib.asynccontextmanager
async def running(*command: str) -> AsyncIterator[tuple[Process, ProviderStarted]]:
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), DEADLINE_S)
        yield process, msgspec.json.decode(line, type=ProviderStarted)
    finally:
        if process.returncode is None:
            process.kill()
        process.stdin.close()
        await process.stdout.read()
        await process.stderr.read()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_announces_itself_in_one_line_and_a_signal_ends_it(number: signal.Signals) -> None:
    async with running(*COMMAND) as (process, started):
        assert started.pid == process.pid
        assert started.base_url.startswith("http://127.0.0.1:")
        async with calling(started, REALTIME) as client:
            process.send_signal(number)
            await until(client.closed.is_set)
            assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert await process.stdout.read() == b""
        assert started.api_key.encode() not in await process.stderr.read()


async def test_it_ends_with_its_standard_input() -> None:
    async with running(*COMMAND, "--stop-with-stdin") as (process, _):
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0


async def test_nothing_is_left_after_its_parent_was_killed() -> None:
    async with running(sys.executable, "-c", PARENT) as (parent, started), calling(started, REALTIME) as client:
        await client.play(*synthesize("Good morning."))
        provider = psutil.Process(started.pid)
        await until(lambda: provider.children(recursive=True))
        family = [provider, *provider.children(recursive=True)]
        parent.kill()
        await until(lambda: not any(process.is_running() for process in family))


async def test_the_recogniser_ends_when_the_provider_is_killed(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"kill_after_s": 2.5}))
    async with running(*COMMAND, "--plan", str(plan)) as (process, started), calling(started, REALTIME) as client:
        await client.stay_silent(0.1)
        provider = psutil.Process(started.pid)
        await until(lambda: provider.children())
        workers = provider.children()
        assert await asyncio.wait_for(process.wait(), DEADLINE_S) == -signal.SIGKILL
        await until(lambda: not any(worker.is_running() for worker in workers))


@pytest.mark.parametrize("arguments", [["--plan", "absent.json"], ["--stt-model", "absent"]])
def test_what_cannot_be_used_is_said_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
