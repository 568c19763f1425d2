"""The journal, off the caller's loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sentra_tui.domain.changes import Change
from sentra_tui.domain.errors import JournalError
from sentra_tui.domain.main_run import RunRef
from sentra_tui.domain.ports import StoredRun, Talk
from sentra_tui.services.storage.journal_file import JournalFile
from sentra_tui.services.storage.records import AT_ONCE, RECORDED
from sentra_tui.services.storage.writer_thread import Answer, Job, WriterThread

Result = TypeVar("Result")


class SqliteJournal:
    """A `Journal` in the SQLite file `path`, which is for its owner only, as its sidecars are.

    `wall` tells the time of day, in seconds since 1970.
    """

    def __init__(self, path: Path, *, wall: Callable[[], float] = time.time) -> None:
        self._path = path
        self._wall = wall
        self._thread: WriterThread | None = None
        self._ended = asyncio.Event()
        self._writing = False
        self.remarks: tuple[str, ...] = ()

    async def open(self, on_failure: Callable[[JournalError], None]) -> None:
        """Open or create the file; raises JournalError."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[tuple[str, ...]] = loop.create_future()
        self._thread = WriterThread(
            self._path,
            self._wall,
            _settling(opened),
            _in_loop(loop, on_failure),
            _in_loop(loop, self._ended.set),
        )
        self._thread.start()
        self.remarks = await opened

    async def last_talk(self, not_before: float, started_at: float | None = None) -> Talk | None:
        """Return the newest talk, if it last changed after `not_before` and nobody else writes it."""
        talk = await self._do(lambda file: file.last_talk(not_before, started_at))
        self._writing = self._writing or talk is not None
        return talk

    async def begin_talk(self, started_at: float, provider: str) -> int:
        """Write a new talk from now on; return its id."""
        talk_id = await self._do(lambda file: file.begin_talk(started_at, provider))
        self._writing = True
        return talk_id

    def record(self, change: Change) -> None:
        """Write this down: what is final at once, the rest within a twentieth of a second."""
        if self._writing and self._thread is not None and type(change) in RECORDED:
            self._thread.put(Job(lambda file: file.record(change), at_once=isinstance(change, AT_ONCE)))

    async def run_opened(self, run: StoredRun) -> None:
        """Return once it is on the disk that this run is about to begin."""
        self._require_talk()
        await self._do(lambda file: file.run_opened(run))

    async def run_named(self, answer_id: str, ref: RunRef) -> None:
        """Return once it is on the disk what the provider calls the run."""
        self._require_talk()
        await self._do(lambda file: file.run_named(answer_id, ref))

    async def flush(self) -> None:
        """Return once all that was recorded is on the disk; raises JournalError."""
        await self._do(lambda _: None)

    async def close(self) -> None:
        """Write what waits, and let go; may be called more than once."""
        if self._thread is not None:
            self._thread.end()
            await self._ended.wait()
            self._thread = None

    def _require_talk(self) -> None:
        if not self._writing:
            raise JournalError("The journal has no talk to write in.")

    async def _do(self, work: Callable[[JournalFile], Result]) -> Result:
        if self._thread is None or self._ended.is_set():
            raise JournalError("The journal is not open.")
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._thread.put(Job(work, answer=_settling(done)))
        return await done


def _in_loop(loop: asyncio.AbstractEventLoop, callback: Callable[..., None]) -> Callable[..., None]:
    """Return what calls `callback` in the loop, from any thread; once the loop is closed nobody listens."""

    def call(*arguments: object) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(callback, *arguments)

    return call


def _settling(future: asyncio.Future[Any]) -> Answer:
    def settle(result: Any, failure: JournalError | None) -> None:
        if future.done():
            return
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(result)

    return _in_loop(future.get_loop(), settle)
