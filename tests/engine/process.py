"""An engine as whoever starts it sees it: a process, lines in, lines out."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import psutil

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import Action
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState

ENGINE_MODULE = "sentra_tui.engine"
ChangeType = TypeVar("ChangeType", bound=c.Change)


class EngineProcess:
    """Runs `python -m sentra_tui.engine`, keeps every change, and holds the state that they make."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.changes: list[c.Change] = []
        self.state = AppState()
        self._moved = asyncio.Event()
        self._reader = asyncio.ensure_future(self._read())

    @classmethod
    async def start(
        cls,
        tmp_path: Path,
        *arguments: str,
        env: dict[str, str] | None = None,
        transport: str | None = "webrtc",
        module: str = ENGINE_MODULE,
    ) -> EngineProcess:
        """Start one, by WebRTC unless told otherwise: on a busy machine another road may overtake it.

        With `transport` None the profile decides. `module` may be another one that runs an engine.
        """
        log = tmp_path / "engine.log"
        environ = {**os.environ, "OPENAI_API_KEY": "", "HOME": str(tmp_path), **(env or {})}
        with log.open("ab") as stderr:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                f"--log={log}",
                *([] if transport is None else [f"--transport={transport}"]),
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=environ,
                limit=16 << 20,
            )
        return cls(process, log)

    def send(self, action: Action) -> None:
        self.send_raw(msgspec.json.encode(action) + b"\n")

    def send_raw(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)

    async def until(self, condition: Callable[[AppState], object], timeout_s: float = 40.0) -> AppState:
        """Wait until `condition` holds of the state."""
        try:
            async with asyncio.timeout(timeout_s):
                while not condition(self.state):
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            last = [change for change in self.changes if not isinstance(change, c.LevelMeasured)][-15:]
            raise AssertionError(f"never came about; last: {last}; log: {self.log.read_text()[-2000:]}") from None
        return self.state

    async def until_live(self, *streams: str) -> AppState:
        return await self.until(
            lambda state: all((found := state.stream(name)) and found.connection == "live" for name in streams)
        )

    def told(self, kind: type[ChangeType]) -> list[ChangeType]:
        return [change for change in self.changes if isinstance(change, kind)]

    def children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:  # killed, and not yet known to be
            return []

    async def stop(self, number: signal.Signals | None = None) -> int:
        """End it, by a signal or by the end of its input; return its exit status once nothing is left of it."""
        children = self.children() if self.process.returncode is None else []
        if number is not None:
            self.process.send_signal(number)
        elif self.process.stdin is not None:
            self.process.stdin.close()
        status = await asyncio.wait_for(self.process.wait(), 15)
        await asyncio.wait_for(self._reader, 15)
        _, left = await asyncio.to_thread(psutil.wait_procs, children, 10)
        assert not left, f"left running: {left}"
        return status

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            change: c.Change = msgspec.json.decode(line, type=c.Change)
            self.changes.append(change)
            self.state = reduce(self.state, change)
            self._moved.set()
