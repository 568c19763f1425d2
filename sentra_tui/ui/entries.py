"""What a pane shows of a transcript line or of an answer: one entry, however it came about."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sentra_tui.domain.state import UNFINISHED, Answer, AnswerStatus
from sentra_tui.domain.transcript import Line

CHARS_SHOWN = 20_000
"""A longer text is capped in view: wrapping half a megabyte each delta would be felt."""

Voice = Literal["words", "interim", "aside"]
"""How an entry is drawn: final words, words that may still change, or a remark of the program itself."""


class Entry(Struct, frozen=True):
    """One entry of a pane."""

    text: str
    at_ms: int
    """When it began, in milliseconds since the engine started."""
    voice: Voice = "words"
    mark: str = " "
    """One cell before the first row; of an interim entry before every row."""
    tail: str = ""
    """A remark behind the text."""

    @property
    def body(self) -> str:
        """The text with its remark: what is wrapped."""
        return self.text + self.tail if self.tail else self.text


def _capped(text: str) -> tuple[str, str]:
    if len(text) <= CHARS_SHOWN:
        return text, ""
    return text[:CHARS_SHOWN], f" … {len(text) - CHARS_SHOWN:,} more characters"


def line_entry(line: Line) -> Entry:
    """Return the entry of a transcript line."""
    if line.kind == "gap":
        return Entry(line.text, line.start_ms, "aside", "┄")
    if line.failed:
        return Entry("(not recognised)", line.start_ms, "aside")
    text, rest = _capped(line.text)
    if not line.final:
        return Entry(text, line.start_ms, "interim", "▌", f"{rest} ⋯" if text else "⋯")
    if line.kind == "typed":
        return Entry(text, line.start_ms, mark="›", tail=rest)
    return Entry(text, line.start_ms, tail=rest)


_STATUS_REMARKS = {
    AnswerStatus.PROCESSING: "⋯",
    AnswerStatus.DRAFT: "◐ draft",
    AnswerStatus.COMPLETED: "✓ completed",
    AnswerStatus.CANCELLED: "▪ cut",
    AnswerStatus.INCOMPLETE: "▪ cut",
    AnswerStatus.FAILED: "✕ failed",
}


def answer_entry(answer: Answer) -> Entry:
    """Return the entry of an assistant's answer."""
    text, rest = _capped(answer.text)
    remark = _STATUS_REMARKS[answer.status]
    if answer.cause:
        remark = f"{remark}: {answer.cause}"
    tail = f"{rest}\n{remark}" if text else remark
    if answer.status in UNFINISHED:
        return Entry(text, answer.started_ms, "interim", "▌", tail)
    return Entry(text, answer.started_ms, tail=tail)
