"""The journal as the one thread that owns it sees it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sentra_tui.domain.changes import Change
from sentra_tui.domain.main_run import RunRef
from sentra_tui.domain.ports import StoredRun, Talk
from sentra_tui.services.storage.database import open_database, prepare_folder
from sentra_tui.services.storage.locks import Locks
from sentra_tui.services.storage.orphans import settle_orphans
from sentra_tui.services.storage.records import TalkWriter
from sentra_tui.services.storage.talks import IS_EMPTY, read_talk, talks_since
from sentra_tui.services.storage.transaction import transaction

_LOG = logging.getLogger(__name__)


class JournalFile:
    """An open journal, and the talk that it writes. `wall` tells the time of day, in seconds since 1970.

    Opening raises JournalError, OSError, sqlite3.Error; everything else the last of these.
    """

    def __init__(self, path: Path, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._writer: TalkWriter | None = None
        prepare_folder(path.parent)
        self._locks = Locks(path.with_name(f"{path.name}.lock"))
        try:
            with self._locks.opening():
                self._connection, self.remarks = open_database(path)
        except BaseException:
            self._locks.close()
            raise

    def close(self) -> None:
        """Let go of the talk; an empty one is forgotten."""
        try:
            if self._writer is not None:
                forget = f"DELETE FROM talks WHERE talk_id = ? AND {IS_EMPTY}"
                self._connection.execute(forget, (self._writer.talk_id,))
        finally:
            self._connection.close()
            self._locks.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Have all that is done inside on the disk at the end, or none of it."""
        return transaction(self._connection)

    def begin_talk(self, started_at: float, provider: str) -> int:
        """Write a new talk from now on; return its id."""
        cursor = self._connection.execute(
            "INSERT INTO talks (started_at, changed_at, provider) VALUES (?, ?, ?)",
            (started_at, self._wall(), provider),
        )
        talk_id = cursor.lastrowid or 0
        self._locks.take(talk_id)
        self._write_in(talk_id)
        return talk_id

    def last_talk(self, not_before: float, started_at: float | None) -> Talk | None:
        """Return the newest talk, and write on in it; None where another process does."""
        for talk_id in talks_since(self._connection, not_before, started_at)[:1]:
            if self._locks.take(talk_id):
                self._write_in(talk_id)
                return read_talk(self._connection, talk_id)
        return None

    def _write_in(self, talk_id: int) -> None:
        self._writer = TalkWriter(self._connection, talk_id)
        orphans = settle_orphans(self._connection, self._locks, talk_id)
        if orphans:
            _LOG.info("%d runs of talks that nobody goes on with are unknown now", orphans)

    def record(self, change: Change) -> None:
        """Write a change down; one with values that no column takes is passed over."""
        if self._writer is None:
            return
        try:
            self._writer.write(change)
        except (UnicodeEncodeError, OverflowError):
            _LOG.warning("a %s cannot be written down", type(change).__name__)

    def run_opened(self, run: StoredRun) -> None:
        """Write down that a run is about to begin."""
        if self._writer is not None:
            self._writer.open_run(run)

    def run_named(self, answer_id: str, ref: RunRef) -> None:
        """Write down what the provider calls a run."""
        if self._writer is not None:
            self._writer.name_run(answer_id, ref)

    def touch(self) -> None:
        """Note that the talk changed now."""
        if self._writer is not None:
            self._writer.touch(self._wall())
