"""The one thread that touches the journal: jobs go in by a queue, and are done together, a transaction at a time."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from sentra_tui.domain.errors import JournalError
from sentra_tui.services.storage.database import is_busy, journal_error
from sentra_tui.services.storage.journal_file import JournalFile

GATHER_S = 0.05
BATCH_MAX = 500
_BUSY_TRIES = 3

_LOG = logging.getLogger(__name__)

Answer = Callable[[Any, JournalError | None], None]


def _no_answer(_: object, __: JournalError | None) -> None:
    return


class Job(Struct):
    """Something to do in the next transaction. `answer` is told, in the thread, what came of it after the commit."""

    work: Callable[[JournalFile], Any]
    at_once: bool = True
    answer: Answer = _no_answer


class WriterThread:
    """Runs the journal at `path`. `on_open`, `on_failure` and `on_end` are called in the thread.

    After a failure nothing is written any more, and every job is answered with it.
    """

    def __init__(
        self,
        path: Path,
        wall: Callable[[], float],
        on_open: Answer,
        on_failure: Callable[[JournalError], None],
        on_end: Callable[[], None],
    ) -> None:
        self._path = path
        self._wall = wall
        self._on_open = on_open
        self._on_failure = on_failure
        self._on_end = on_end
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._failure: JournalError | None = None
        # A disk that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Begin to open the journal."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job; never blocks."""
        self._jobs.put(job)

    def end(self) -> None:
        """Have the thread end once all that is queued is done."""
        self._jobs.put(None)

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self._on_end()

    def _serve(self) -> None:
        try:
            file = JournalFile(self._path, self._wall)
        except Exception as error:  # noqa: BLE001 - whoever waits for the thread is told, whatever it was
            self._on_open(None, self._said(error))
            return
        self._on_open(tuple(file.remarks), None)
        try:
            ended = False
            while not ended:
                jobs, ended = self._gather()
                self._do(file, jobs)
        finally:
            _close(file)

    def _gather(self) -> tuple[list[Job], bool]:
        """Return what is to be done together, and whether that is the end.

        The first job waits for others for a moment, unless one of them is to be done at once; what is queued by then
        comes along.
        """
        jobs: list[Job] = []
        deadline_s: float | None = None
        while len(jobs) < BATCH_MAX:
            try:
                job = self._jobs.get(timeout=None if deadline_s is None else max(0.0, deadline_s - time.monotonic()))
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
            if job.at_once:
                deadline_s = 0.0
            elif deadline_s is None:
                deadline_s = time.monotonic() + GATHER_S
        return jobs, False

    def _do(self, file: JournalFile, jobs: list[Job]) -> None:
        results: list[Any] = []
        if self._failure is None and jobs:
            try:
                results = _commit(file, jobs)
            except Exception as error:  # noqa: BLE001 - as above
                self._failure = self._said(error)
                self._on_failure(self._failure)
        for number, job in enumerate(jobs):
            job.answer(None if self._failure else results[number], self._failure)

    def _said(self, error: Exception) -> JournalError:
        _LOG.warning("the journal failed", exc_info=error)
        return journal_error(error, self._path)


def _commit(file: JournalFile, jobs: list[Job]) -> list[Any]:
    """Do the jobs in one transaction; wait again for another program that holds the file."""
    for _ in range(_BUSY_TRIES - 1):
        try:
            return _commit_once(file, jobs)
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
    return _commit_once(file, jobs)


def _commit_once(file: JournalFile, jobs: list[Job]) -> list[Any]:
    with file.transaction():
        results = [job.work(file) for job in jobs]
        file.touch()
    return results


def _close(file: JournalFile) -> None:
    try:
        file.close()
    except sqlite3.Error as error:
        _LOG.warning("the journal could not be closed: %s", error)
