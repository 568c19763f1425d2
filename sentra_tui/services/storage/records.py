"""What of a talk is written down, and how: one arm for each kind of change.

A change that is told again leaves the tables as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import groupby
from typing import Any

from sentra_tui.domain import changes as c
from sentra_tui.domain.main_run import RunRef
from sentra_tui.domain.ports import StoredRun
from sentra_tui.domain.state import AnswerStatus, Lane
from sentra_tui.domain.transcript import LineKey
from sentra_tui.domain.usage import Usage
from sentra_tui.services.storage.places import Places

AT_ONCE = (c.TranscriptCommitted, c.AnswerEnded, c.QuestionRaised)
"""What is not kept waiting for company."""

_USAGE_FIELDS = ", ".join(Usage.__struct_fields__)
_VALUES = ", ".join("?" * len(Usage.__struct_fields__))


class TalkWriter:
    """Writes one talk through `connection`, inside whatever transaction is open. Raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection, talk_id: int) -> None:
        self.talk_id = talk_id
        self._connection = connection
        rows = connection.execute(
            "SELECT stream, session, item_id, place, start_ms FROM lines WHERE talk_id = ?"
            " ORDER BY stream, place, line_id",
            (talk_id,),
        )
        self._places = {
            stream: Places(
                [(LineKey(session, item_id), place, start_ms) for _, session, item_id, place, start_ms in lines]
            )
            for stream, lines in groupby(rows, lambda row: row[0])
        }

    def write(self, change: c.Change) -> None:
        """Write down one of the changes in `RECORDED`."""
        _ARMS[type(change)](self, change)

    def touch(self, wall_s: float) -> None:
        """Note when the talk last changed."""
        self._execute("UPDATE talks SET changed_at = ? WHERE talk_id = ?", wall_s, self.talk_id)

    def open_run(self, run: StoredRun) -> None:
        """Write down that a run is about to begin."""
        self._execute(
            "INSERT OR IGNORE INTO runs (talk_id, answer_id, question_id, opened_ms) VALUES (?, ?, ?, ?)",
            self.talk_id, run.answer_id, run.question_id, run.at_ms,
        )  # fmt: skip
        if run.ref is not None:
            self.name_run(run.answer_id, run.ref)

    def name_run(self, answer_id: str, ref: RunRef) -> None:
        """Write down what the provider calls a run."""
        self._execute(
            "UPDATE runs SET implementation = ?, run_id = ?, conversation_id = ?, sequence_number = ?"
            " WHERE talk_id = ? AND answer_id = ?",
            ref.implementation, ref.run_id, ref.conversation_id, ref.sequence_number, self.talk_id, answer_id,
        )  # fmt: skip

    def stream_added(self, change: c.StreamAdded) -> None:
        """Keep the order of the streams."""
        self._execute("INSERT OR IGNORE INTO streams (talk_id, name) VALUES (?, ?)", self.talk_id, change.stream)

    def line_opened(self, change: c.LineOpened) -> None:
        """Give the line its place; it is written once it is final."""
        self._of(change.stream).open(change.key, change.at_ms, change.after, change.before)

    def transcript_committed(self, change: c.TranscriptCommitted) -> None:
        """Write the line; words that come later take the place of those that did not, and of lines they replace."""
        places = self._of(change.stream)
        for key in change.replaces:
            places.remove(key)
            self._replace(change.stream, key, change.key)
        self._execute(
            "INSERT INTO lines (talk_id, stream, session, item_id, place, kind, start_ms, end_ms, text, recovered)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (talk_id, stream, session, item_id)"
            " DO UPDATE SET kind = excluded.kind, start_ms = excluded.start_ms, end_ms = excluded.end_ms,"
            " text = excluded.text, recovered = excluded.recovered",
            *self._line(change.stream, change.key),
            places.settle(change.key, change.start_ms, late=change.recovered), change.kind,
            change.start_ms, change.end_ms, change.text, change.recovered,
        )  # fmt: skip

    def _replace(self, stream: str, old: LineKey, new: LineKey) -> None:
        """Take out a line; if the user marked it, the other is marked now."""
        line = self._line(stream, old)
        self._execute(
            "INSERT OR IGNORE INTO notes SELECT talk_id, stream, ?, ?, at_ms FROM notes"
            " WHERE (talk_id, stream, session, item_id) = (?, ?, ?, ?)",
            new.session, new.item_id, *line,
        )  # fmt: skip
        for table in ("notes", "echoes", "lines"):
            self._execute(f"DELETE FROM {table} WHERE (talk_id, stream, session, item_id) = (?, ?, ?, ?)", *line)

    def line_noted(self, change: c.LineNoted) -> None:
        """Write the note, beside the line."""
        self._execute(
            "INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?, ?)",
            *self._line(change.stream, change.key), change.at_ms,
        )  # fmt: skip

    def line_echoed(self, change: c.LineEchoed) -> None:
        """Write whether the line is an echo, beside it; what the user decided stands."""
        self._execute(
            "INSERT INTO echoes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (talk_id, stream, session, item_id)"
            " DO UPDATE SET echo = excluded.echo, by_user = excluded.by_user WHERE excluded.by_user OR NOT by_user",
            *self._line(change.stream, LineKey(change.session, change.item_id)), change.echo, change.by_user,
        )  # fmt: skip

    def question_raised(self, change: c.QuestionRaised) -> None:
        """Write the question."""
        session, item_id = (change.key.session, change.key.item_id) if change.key else (None, None)
        self._execute(
            "INSERT OR IGNORE INTO questions (talk_id, question_id, at_ms, text, stream, session, item_id, scope)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self.talk_id, change.question_id, change.at_ms, change.text, change.stream, session, item_id, change.scope,
        )  # fmt: skip

    def question_queued(self, change: c.QuestionQueued) -> None:
        """Take back that it was dropped."""
        self._drop(change.question_id, "", None)

    def question_dropped(self, change: c.QuestionDropped) -> None:
        """Write why it is not asked."""
        self._drop(change.question_id, change.cause, change.at_ms)

    def answer_started(self, change: c.AnswerStarted) -> None:
        """Write that somebody answers."""
        self._execute(
            "INSERT OR IGNORE INTO answers (talk_id, answer_id, question_id, lane, model, started_ms, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            self.talk_id, change.answer_id, change.question_id, change.lane, change.model, change.at_ms,
            AnswerStatus.PROCESSING,
        )  # fmt: skip

    def answer_ended(self, change: c.AnswerEnded) -> None:
        """Write the answer, and settle its run."""
        self.answer_started(c.AnswerStarted(change.answer_id, change.lane, change.at_ms))
        self._execute(
            "UPDATE answers SET ended_ms = ?, status = ?, text = ifnull(?, text), cause = ?, hint = ?"
            " WHERE talk_id = ? AND answer_id = ?",
            change.at_ms, change.status, change.text, change.cause, change.hint, self.talk_id, change.answer_id,
        )  # fmt: skip
        if change.lane == Lane.MAIN:
            self._execute(
                "UPDATE runs SET settled_ms = ? WHERE talk_id = ? AND answer_id = ?",
                change.at_ms, self.talk_id, change.answer_id,
            )  # fmt: skip

    def answer_cut(self, change: c.AnswerCut) -> None:
        """Write how far it was heard."""
        self._execute(
            "UPDATE answers SET cut_ms = ?, heard_ms = ?, heard_chars = ? WHERE talk_id = ? AND answer_id = ?",
            change.at_ms, change.heard_ms, change.heard_chars, self.talk_id, change.answer_id,
        )  # fmt: skip

    def answer_expired(self, change: c.AnswerExpired) -> None:
        """Write that it is no news any more."""
        self._execute(
            "UPDATE answers SET expired_ms = ? WHERE talk_id = ? AND answer_id = ?",
            change.at_ms, self.talk_id, change.answer_id,
        )  # fmt: skip

    def draft_judged(self, change: c.DraftJudged) -> None:
        """Write the verdict at all answers that the question has by now."""
        self._execute(
            "UPDATE answers SET verdict = ?, judged_ms = ? WHERE talk_id = ? AND question_id = ?",
            change.verdict, change.at_ms, self.talk_id, change.question_id,
        )  # fmt: skip

    def billed(self, change: c.Billed) -> None:
        """Write the bill."""
        self._execute(
            f"INSERT OR IGNORE INTO bills (talk_id, at_ms, stream, lane, model, usd, {_USAGE_FIELDS})"
            f" VALUES (?, ?, ?, ?, ?, ?, {_VALUES})",
            self.talk_id, change.at_ms, change.stream, change.lane, change.model, change.usd,
            *(getattr(change.usage, name) for name in Usage.__struct_fields__),
        )  # fmt: skip

    def _drop(self, question_id: str, cause: str, at_ms: int | None) -> None:
        self._execute(
            "UPDATE questions SET dropped = ?, dropped_ms = ? WHERE talk_id = ? AND question_id = ?",
            cause, at_ms, self.talk_id, question_id,
        )  # fmt: skip

    def _of(self, stream: str) -> Places:
        return self._places.setdefault(stream, Places())

    def _line(self, stream: str, key: LineKey) -> tuple[object, ...]:
        return self.talk_id, stream, key.session, key.item_id

    def _execute(self, sql: str, *parameters: object) -> None:
        self._connection.execute(sql, parameters)


_ARMS: dict[type[c.Change], Callable[[TalkWriter, Any], None]] = {
    c.StreamAdded: TalkWriter.stream_added,
    c.LineOpened: TalkWriter.line_opened,
    c.TranscriptCommitted: TalkWriter.transcript_committed,
    c.LineNoted: TalkWriter.line_noted,
    c.LineEchoed: TalkWriter.line_echoed,
    c.QuestionRaised: TalkWriter.question_raised,
    c.QuestionQueued: TalkWriter.question_queued,
    c.QuestionDropped: TalkWriter.question_dropped,
    c.AnswerStarted: TalkWriter.answer_started,
    c.AnswerEnded: TalkWriter.answer_ended,
    c.AnswerCut: TalkWriter.answer_cut,
    c.AnswerExpired: TalkWriter.answer_expired,
    c.DraftJudged: TalkWriter.draft_judged,
    c.Billed: TalkWriter.billed,
}
RECORDED = frozenset(_ARMS)
"""The kinds of changes that are worth keeping."""
