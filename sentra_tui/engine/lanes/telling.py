"""What the auxiliary assistant is told of the talk that it did not hear."""

from __future__ import annotations

from typing import Literal

from sentra_tui.domain.briefing import BriefLine, line_text
from sentra_tui.domain.question import Question
from sentra_tui.domain.state import MIC, AnswerStatus, AppState, Lane
from sentra_tui.engine.talk import marked_lines, newest_lines
from sentra_tui.protocol.context import ContextEntry

ANSWERS_REPLAYED = 10
"""How many of the newest answers a new session is told of."""


def told_before(state: AppState, budget_tokens: int) -> list[ContextEntry]:
    """Return what a new session is told: the newest of both sides, and what was answered, in order."""
    said = [
        (line.at_ms, ContextEntry(f"before.{line.stream}.{line.at_ms}", *_as_told(line, state.engine.started_at)))
        for line in newest_lines(state, budget_tokens)
    ]
    answered = [
        (each.started_ms, ContextEntry(each.answer_id, "aux" if each.lane is Lane.AUX else "main", each.text))
        for each in state.answers[-ANSWERS_REPLAYED:]
        if each.text and each.status is AnswerStatus.COMPLETED
    ]
    return [entry for _, entry in sorted(said + answered, key=lambda each: each[0])]


def told_apart(state: AppState, budget_tokens: int, minutes: str) -> list[ContextEntry]:
    """Return what a new session is told of what was said before that: lines that the user marked, and `minutes`."""
    newest = newest_lines(state, budget_tokens)
    marked = marked_lines(state, newest[0].at_ms) if newest else ()
    text = "\n".join(line_text(line, state.engine.started_at) for line in marked)
    return [ContextEntry("marked", "marked", text), ContextEntry("minutes", "minutes", minutes)]


def as_asked(question: Question, started_at: float) -> ContextEntry:
    """Return a line, or a question, for a session that did not hear it."""
    line = BriefLine(question.stream or MIC, question.at_ms, question.text)
    return ContextEntry(question.question_id, *_as_told(line, started_at))


def _as_told(line: BriefLine, started_at: float) -> tuple[Literal["user", "speaker"], str]:
    """Return whose words these are to the auxiliary assistant, and how it reads them: it hears its user itself."""
    return ("user", line.text) if line.stream == MIC else ("speaker", line_text(line, started_at))
