"""The full-text index of lines and answers, where SQLite has FTS5.

It is no migration, because it comes and goes with the SQLite that opens the file: triggers that feed an index which
this SQLite does not know would let no line be written.
"""

from __future__ import annotations

import sqlite3

from sentra_tui.services.storage.migrations import read_script, statements
from sentra_tui.services.storage.transaction import transaction

NO_FTS5 = "The journal cannot be searched: this Python's SQLite has no FTS5."

_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB '*_index_*' ORDER BY name"
_TRIGGER_COUNT = 6


def has_fts5(connection: sqlite3.Connection) -> bool:
    """Return whether this SQLite can build the index."""
    try:
        connection.execute("SELECT fts5_source_id()")
    except sqlite3.OperationalError:
        return False
    return True


def ensure(connection: sqlite3.Connection, *, fts5: bool) -> str:
    """Build the index where it is missing; without FTS5, stop feeding it. Return what is to be said, or nothing.

    Whoever has FTS5 again finds the triggers gone and builds the index anew.
    """
    with transaction(connection):
        triggers = [name for (name,) in connection.execute(_TRIGGERS)]
        if fts5 and len(triggers) == _TRIGGER_COUNT:
            return ""
        for name in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        if not fts5:
            return NO_FTS5
        for statement in statements(read_script("search.sql")):
            connection.execute(statement)
    return ""
