"""A talk read back: the changes that lead to its settled state."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from itertools import groupby

from sentra_tui.domain import changes as c
from sentra_tui.domain.main_run import RunRef
from sentra_tui.domain.ports import StoredRun, Talk
from sentra_tui.domain.question import Scope
from sentra_tui.domain.state import AnswerStatus, Lane, Verdict
from sentra_tui.domain.transcript import LineKey, LineKind
from sentra_tui.domain.usage import Usage

LINES_READ = 5_000
ANSWERS_READ = 200
QUESTIONS_READ = 200

_Timed = tuple[int, c.Change]
_SUMS = ", ".join(f"sum({name})" for name in Usage.__struct_fields__)
_RUN_REF = "implementation, run_id, conversation_id, sequence_number"


IS_EMPTY = " AND ".join(
    f"NOT EXISTS (SELECT 1 FROM {table} WHERE talk_id = talks.talk_id)"
    for table in ("lines", "questions", "answers", "runs", "bills")
)
"""The SQL condition that nothing was said, asked, answered or billed in a talk."""


def talks_since(connection: sqlite3.Connection, not_before: float, started_at: float | None) -> list[int]:
    """Return the ids of talks that hold anything and changed after `not_before`, the last one first."""
    rows = connection.execute(
        "SELECT talk_id FROM talks WHERE changed_at > ? AND started_at = ifnull(?, started_at)"
        f" AND (? IS NOT NULL OR NOT ({IS_EMPTY})) ORDER BY changed_at DESC, talk_id DESC",
        (not_before, started_at, started_at),
    )
    return [talk_id for (talk_id,) in rows]


def read_talk(connection: sqlite3.Connection, talk_id: int) -> Talk:
    """Return the talk: at most the newest 5,000 lines and 200 answers, and all that it cost."""
    (started_at,) = connection.execute("SELECT started_at FROM talks WHERE talk_id = ?", (talk_id,)).fetchone()
    streams = connection.execute("SELECT name FROM streams WHERE talk_id = ? ORDER BY stream_id", (talk_id,))
    timed = heapq.merge(
        *_transcripts(connection, talk_id),
        _questions(connection, talk_id),
        _answers(connection, talk_id),
        _bills(connection, talk_id),
        key=lambda each: each[0],
    )
    return Talk(
        talk_id,
        started_at,
        changes=(*(c.StreamAdded(name) for (name,) in streams), *(change for _, change in timed)),
        runs=tuple(_open_runs(connection, talk_id)),
        conversation=_conversation(connection, talk_id),
    )


def _transcripts(connection: sqlite3.Connection, talk_id: int) -> list[list[_Timed]]:
    """Return the lines of each stream, in their places."""
    rows = connection.execute(
        "SELECT stream, session, item_id, text, start_ms, end_ms, kind, recovered, notes.at_ms, echo, by_user FROM"
        " (SELECT * FROM lines WHERE talk_id = ? ORDER BY line_id DESC LIMIT ?)"
        " LEFT JOIN notes USING (talk_id, stream, session, item_id)"
        " LEFT JOIN echoes USING (talk_id, stream, session, item_id) ORDER BY stream, place, line_id",
        (talk_id, LINES_READ),
    )
    return [
        [timed for row in lines for timed in _line(*row)] for _, lines in groupby(rows.fetchall(), lambda row: row[0])
    ]


def _line(
    stream: str,
    session: int,
    item_id: str,
    text: str,
    start_ms: int,
    end_ms: int,
    kind: LineKind,
    recovered: int,
    noted_ms: int | None,
    echo: int | None,
    by_user: int | None,
) -> Iterator[_Timed]:
    key = LineKey(session, item_id)
    if recovered:  # it stands where it stood, not where its time would put it among those that were read so far
        yield start_ms, c.LineOpened(stream, key, start_ms)
    yield start_ms, c.TranscriptCommitted(stream, key, text, start_ms, end_ms, kind, recovered=bool(recovered))
    if noted_ms is not None:
        yield start_ms, c.LineNoted(stream, key, noted_ms)
    if echo is not None:
        yield start_ms, c.LineEchoed(stream, session, item_id, echo=bool(echo), by_user=bool(by_user))


def _questions(connection: sqlite3.Connection, talk_id: int) -> list[_Timed]:
    rows = connection.execute(
        "SELECT question_id, at_ms, text, stream, session, item_id, scope, dropped, dropped_ms FROM questions"
        " WHERE talk_id = ? ORDER BY question_row DESC LIMIT ?",
        (talk_id, QUESTIONS_READ),
    )
    return [timed for row in reversed(rows.fetchall()) for timed in _question(*row)]


def _question(
    question_id: str,
    at_ms: int,
    text: str,
    stream: str,
    session: int | None,
    item_id: str,
    scope: Scope,
    dropped: str,
    dropped_ms: int | None,
) -> Iterator[_Timed]:
    key = None if session is None else LineKey(session, item_id)
    yield at_ms, c.QuestionRaised(question_id, at_ms, text, stream, key, scope)
    if dropped_ms is not None:
        yield at_ms, c.QuestionDropped(question_id, dropped_ms, dropped)


def _answers(connection: sqlite3.Connection, talk_id: int) -> list[_Timed]:
    """Return the settled answers, in the order in which they began.

    A verdict goes to all answers that its question has at that moment: told behind each answer that has it, it meets
    the ones before, which have it too, and none of those that began after it.
    """
    cursor = connection.execute(
        "SELECT * FROM answers WHERE talk_id = ? AND ended_ms IS NOT NULL ORDER BY answer_row DESC LIMIT ?",
        (talk_id, ANSWERS_READ),
    )
    cursor.row_factory = sqlite3.Row
    return [(row["started_ms"], change) for row in reversed(cursor.fetchall()) for change in _answer(row)]


def _answer(row: sqlite3.Row) -> Iterator[c.Change]:
    answer_id, lane = row["answer_id"], Lane(row["lane"])
    yield c.AnswerStarted(answer_id, lane, row["started_ms"], row["question_id"], row["model"])
    status = AnswerStatus(row["status"])
    yield c.AnswerEnded(answer_id, lane, row["ended_ms"], status, row["text"], row["cause"], row["hint"])
    if row["cut_ms"] is not None:
        yield c.AnswerCut(answer_id, row["cut_ms"], row["heard_ms"], row["heard_chars"])
    if row["judged_ms"] is not None:
        yield c.DraftJudged(row["question_id"], row["judged_ms"], Verdict(row["verdict"]))
    if row["expired_ms"] is not None:
        yield c.AnswerExpired(answer_id, row["expired_ms"])


def _bills(connection: sqlite3.Connection, talk_id: int) -> list[_Timed]:
    """Return all bills, those of one model with a price as one, those without a price as another."""
    rows = connection.execute(
        # With a lone min(), the bare columns are those of the row that has it.
        f"SELECT min(bill_id), at_ms, model, stream, lane, sum(usd), {_SUMS} FROM bills WHERE talk_id = ?"
        " GROUP BY stream, lane, model, usd IS NULL ORDER BY 1",
        (talk_id,),
    )
    return [
        (at_ms, c.Billed(at_ms, model, Usage(*usage), stream, lane, usd))
        for _, at_ms, model, stream, lane, usd, *usage in rows
    ]


def _open_runs(connection: sqlite3.Connection, talk_id: int) -> Iterator[StoredRun]:
    rows = connection.execute(
        f"SELECT answer_id, question_id, opened_ms, {_RUN_REF} FROM runs"
        " WHERE talk_id = ? AND settled_ms IS NULL ORDER BY run_row",
        (talk_id,),
    )
    for answer_id, question_id, at_ms, *ref in rows:
        yield StoredRun(answer_id, question_id, at_ms, None if ref[0] is None else RunRef(*ref))


def _conversation(connection: sqlite3.Connection, talk_id: int) -> RunRef | None:
    row = connection.execute(
        f"SELECT {_RUN_REF} FROM runs WHERE talk_id = ? AND implementation IS NOT NULL ORDER BY run_row DESC LIMIT 1",
        (talk_id,),
    ).fetchone()
    return None if row is None else RunRef(*row)
