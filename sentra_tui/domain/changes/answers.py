"""What is asked and answered."""

from __future__ import annotations

from sentra_tui.domain.changes.base import ChangeBase
from sentra_tui.domain.question import Scope
from sentra_tui.domain.state import AnswerStatus, Lane, Verdict
from sentra_tui.domain.transcript import LineKey


class AnswerStarted(ChangeBase, frozen=True):
    """An assistant began to answer."""

    answer_id: str
    lane: Lane
    at_ms: int
    question_id: str = ""
    model: str = ""


class AnswerExtended(ChangeBase, frozen=True):
    """More words of an answer."""

    answer_id: str
    lane: Lane
    at_ms: int
    delta: str


class AnswerEnded(ChangeBase, frozen=True):
    """An answer is over. `text`, where given, replaces the words that came so far."""

    answer_id: str
    lane: Lane
    at_ms: int
    status: AnswerStatus
    text: str | None = None
    cause: str = ""
    hint: str = ""


class AnswerCut(ChangeBase, frozen=True):
    """A spoken answer was silenced: about `heard_chars` characters of it were heard, in `heard_ms`."""

    answer_id: str
    at_ms: int
    heard_ms: int
    heard_chars: int


class AnswerExpired(ChangeBase, frozen=True):
    """An answer is older than its time to live: the talk has moved on."""

    answer_id: str
    at_ms: int


class QuestionRaised(ChangeBase, frozen=True):
    """Something is to be answered. `stream` and `key` name the line that raised it; the keyboard has neither."""

    question_id: str
    at_ms: int
    text: str
    """Empty asks what should be said now."""
    stream: str = ""
    key: LineKey | None = None
    scope: Scope = "recent"


class QuestionQueued(ChangeBase, frozen=True):
    """The main assistant will be asked this once it is free, or once the talk pauses."""

    question_id: str
    at_ms: int


class QuestionDropped(ChangeBase, frozen=True):
    """The main assistant will not be asked this."""

    question_id: str
    at_ms: int
    cause: str


class DraftJudged(ChangeBase, frozen=True):
    """The main assistant has read the draft of this question."""

    question_id: str
    at_ms: int
    verdict: Verdict
