"""The schema's history: numbered scripts, each applied once, in one transaction with the record that says so."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from importlib.resources import files

from msgspec import Struct

from sentra_tui.domain.errors import JournalError
from sentra_tui.services.storage.transaction import transaction

APPLICATION_ID = 0x53545549
"""`STUI`: what the file's header calls us, https://www.sqlite.org/fileformat.html#application_id."""

_SCHEMA = files(__package__) / "schema"
_RECORDS = "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL)"


class Migration(Struct, frozen=True):
    """One step of the schema. The header's `user_version` is the number of the last one applied."""

    number: int
    name: str
    script: str


def shipped() -> list[Migration]:
    """Return all steps, oldest first."""
    names = sorted(path.name for path in _SCHEMA.iterdir() if path.name[:4].isdecimal())
    return [Migration(int(name[:4]), name.removesuffix(".sql"), read_script(name)) for name in names]


def read_script(name: str) -> str:
    """Return a script of the schema."""
    return (_SCHEMA / name).read_text("utf-8")


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script, each of which begins on a line of its own."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def check(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Raise JournalError where the file is another program's, or of a schema beyond these steps."""
    application_id, version = _header(connection, "application_id"), _header(connection, "user_version")
    if application_id != APPLICATION_ID and (application_id or not _is_empty(connection)):
        raise JournalError("The journal's file belongs to another program.", hint="Move it away, and start again.")
    if version > steps[-1].number:
        raise JournalError(
            f"The journal is of version {version}; this sentra-tui reads up to version {steps[-1].number}.",
            hint="Update sentra-tui.",
        )


def apply(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Bring the file to the last of these steps. Raises sqlite3.Error; the steps before the one that failed stay."""
    for step in steps:
        with transaction(connection):
            if _header(connection, "user_version") < step.number:
                _apply(connection, step)


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    connection.execute(_RECORDS)
    for statement in statements(step.script):
        connection.execute(statement)
    connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (step.number, step.name, time.time()))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {step.number}")


def _header(connection: sqlite3.Connection, field: str) -> int:
    (number,) = connection.execute(f"PRAGMA {field}").fetchone()
    return int(number)


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
