"""Runs of talks that nobody goes on with: they end as unknown, since nobody will ask for them any more."""

from __future__ import annotations

import sqlite3

from sentra_tui.domain.state import AnswerStatus, Lane
from sentra_tui.services.storage.locks import Locks

CAUSE = "its talk was not opened again"


def settle_orphans(connection: sqlite3.Connection, locks: Locks, own_talk_id: int) -> int:
    """Settle the open runs of every other talk that no process writes; return how many there were."""
    rows = connection.execute(
        "SELECT DISTINCT talk_id FROM runs WHERE settled_ms IS NULL AND talk_id != ?", (own_talk_id,)
    )
    return sum(_settle(connection, locks, talk_id) for (talk_id,) in rows.fetchall())


def _settle(connection: sqlite3.Connection, locks: Locks, talk_id: int) -> int:
    if not locks.take(talk_id):
        return 0
    try:
        connection.execute(
            "INSERT INTO answers (talk_id, answer_id, question_id, lane, model, started_ms, ended_ms, status, cause)"
            " SELECT talk_id, answer_id, question_id, ?, '', opened_ms, opened_ms, ?, ? FROM runs"
            " WHERE talk_id = ? AND settled_ms IS NULL"
            " ON CONFLICT (talk_id, answer_id) DO UPDATE SET"
            " ended_ms = ifnull(ended_ms, started_ms), status = excluded.status, cause = excluded.cause",
            (Lane.MAIN.value, AnswerStatus.UNKNOWN.value, CAUSE, talk_id),
        )
        settled = "UPDATE runs SET settled_ms = opened_ms WHERE talk_id = ? AND settled_ms IS NULL"
        return connection.execute(settled, (talk_id,)).rowcount
    finally:
        locks.release(talk_id)
