"""The journal's file: made for its owner only, checked, brought to the newest schema, set aside where it is damaged."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from itertools import count
from pathlib import Path

from sentra_tui.domain.errors import JournalError
from sentra_tui.services.storage import migrations, search_index

SIDECARS = ("-wal", "-shm")
BUSY_TIMEOUT_S = 5.0

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


class _Damaged(Exception):
    """The file is not a database any more."""


def prepare_folder(folder: Path) -> None:
    """Make the folder, where it is not there, for its owner only. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def open_database(path: Path) -> tuple[sqlite3.Connection, list[str]]:
    """Return a connection to the journal at `path`, and what the user should know.

    The caller is the only one who opens it at this moment. Raises JournalError, OSError, sqlite3.Error.
    """
    remarks = []
    try:
        connection = _connect(path)
    except _Damaged:
        aside = _set_aside(path)
        remarks.append(f"The journal was damaged: it is kept as {aside.name}, and a new one is begun.")
        connection = _connect(path)
    try:
        migrations.apply(connection, migrations.shipped())
        remarks.append(search_index.ensure(connection, fts5=search_index.has_fts5(connection)))
    except BaseException:
        connection.close()
        raise
    return connection, [remark for remark in remarks if remark]


def _connect(path: Path) -> sqlite3.Connection:
    _keep_private(path)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        migrations.check(connection, migrations.shipped())
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise _Damaged
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.DatabaseError) and _code(error) in _DAMAGED:
            raise _Damaged from error
        raise
    return connection


def _keep_private(path: Path) -> None:
    """Have the file there, for its owner only, before SQLite sees it: its sidecars get the same mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    for sidecar in SIDECARS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{sidecar}").chmod(0o600)


def _set_aside(path: Path) -> Path:
    aside = next(name for n in count(1) if not (name := path.with_name(f"{path.name}.damaged-{n}")).exists())
    for sidecar in SIDECARS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{sidecar}").rename(f"{aside}{sidecar}")
    path.rename(aside)
    return aside


def is_busy(error: Exception) -> bool:
    """Return whether another program holds the file."""
    return _code(error) == sqlite3.SQLITE_BUSY


def journal_error(error: Exception, path: Path) -> JournalError:
    """Return what an error of SQLite or of the system means to the user."""
    if isinstance(error, JournalError):
        return error
    if _code(error) == sqlite3.SQLITE_FULL:
        return JournalError("The journal cannot be written: the disk is full.", hint="Make room, and start again.")
    why = error.strerror if isinstance(error, OSError) else str(error)
    return JournalError(f"The journal cannot be written: {why or type(error).__name__} ({path}).")


def _code(error: Exception) -> int:
    """Return the primary result code, https://www.sqlite.org/rescode.html; 0 where there is none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
