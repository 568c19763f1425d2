"""The engine as a subprocess: actions down, changes up, one JSON object a line.

The link starts the engine, and starts another when it dies, which then goes on where the first one stood. It ends the
engine by closing its standard input; an engine that outlives that by two seconds is terminated, then killed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec

from sentra_tui.domain.actions import Action
from sentra_tui.domain.changes import Change, EngineLost
from sentra_tui.domain.log_file import open_log
from sentra_tui.domain.wanted import Wanted

ENGINE = (sys.executable, "-m", "sentra_tui.engine")
USAGE_STATUS = 2
"""The exit status of an engine that cannot work with what it was given: another one could not either."""

_LINE_BYTES_MAX = 16 << 20
_RESTART_DELAYS_S = (0.0, 0.5, 1.0, 2.0, 5.0)
_STABLE_S = 5.0
_CLOSE_S = 2.0

_LOG = logging.getLogger(__name__)


class EngineLink:
    """Runs engines, one after the other, with these `arguments`; their standard error goes to the file `log_path`."""

    def __init__(
        self,
        arguments: Sequence[str],
        log_path: Path,
        *,
        command: Sequence[str] = ENGINE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = (*command, *arguments)
        self._log_path = log_path
        self._monotonic = monotonic
        self._process: asyncio.subprocess.Process | None = None
        self._wanted = Wanted()
        self._closed = asyncio.Event()
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(Change)

    @property
    def pid(self) -> int | None:
        """The engine's process, None where none runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def changes(self) -> AsyncIterator[Change]:
        """Yield what the engine tells, from its start until `close`; its death is an EngineLost."""
        quick_deaths = 0
        while not self._closed.is_set():
            began_s = self._monotonic()
            try:
                process = await self._start()
            except OSError as error:
                yield EngineLost(f"The engine could not be started: {error.strerror}.")
                return
            async for change in self._read(process):
                yield change
            status = await process.wait()
            if self._closed.is_set():
                return
            if status == USAGE_STATUS:
                await self._closed.wait()
                return
            yield EngineLost(f"The engine stopped ({_in_words(status)}). Starting it again.")
            quick_deaths = 0 if self._monotonic() - began_s > _STABLE_S else quick_deaths + 1
            await self._pause(_RESTART_DELAYS_S[min(quick_deaths, len(_RESTART_DELAYS_S) - 1)])

    def send(self, action: Action) -> None:
        """Pass an action on; while no engine runs it is dropped, all but what the next one must know to keep sound to
        itself.
        """
        self._wanted = self._wanted.asked(action)
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(self._encoder.encode(action) + b"\n")

    async def close(self) -> None:
        """End the engine and wait for its end; may be called more than once."""
        self._closed.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        for end in (process.terminate, process.kill):
            try:
                await asyncio.wait_for(process.wait(), _CLOSE_S)
            except TimeoutError:
                end()
            else:
                return
        await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        resumed = self._wanted.started_at is not None
        arguments = ["--idle", "--started-at", repr(self._wanted.started_at)] if resumed else []
        if self._wanted.spent_usd:
            arguments += ["--spent-usd", repr(self._wanted.spent_usd)]
        log = open_log(self._log_path)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=_LINE_BYTES_MAX,
                # A session of its own: the terminal's ctrl-c and hang-up are the screen's to handle.
                start_new_session=True,
            )
        finally:
            os.close(log)
        for action in self._wanted.actions():
            self.send(action)
        return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> AsyncIterator[Change]:
        assert process.stdout is not None
        async for line in process.stdout:
            try:
                change = self._decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                _LOG.warning("the engine said something that is not a change")
                continue
            self._wanted = self._wanted.after(change)
            yield change

    async def _pause(self, delay_s: float) -> None:
        try:
            await asyncio.wait_for(self._closed.wait(), delay_s)
        except TimeoutError:
            return


def _in_words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
