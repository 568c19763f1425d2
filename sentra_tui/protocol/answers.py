"""What the assistant answers in one call, from the parts in which the server tells it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from sentra_tui.domain.changes import AnswerEnded, AnswerExtended, AnswerStarted, Change
from sentra_tui.domain.state import AnswerStatus, Lane
from sentra_tui.domain.text import clean, clean_join, clean_line
from sentra_tui.protocol.objects import Response

_STATUS = {
    "cancelled": AnswerStatus.CANCELLED,
    "failed": AnswerStatus.FAILED,
    "incomplete": AnswerStatus.INCOMPLETE,
}
_REASONS = {
    "turn_detected": "interrupted by speech",
    "client_cancelled": "stopped",
    "max_output_tokens": "cut at the length limit",
    "content_filter": "held back by the provider's content filter",
}

OVER_KEPT = 256
"""How many responses that are over are remembered, so that nothing late begins them anew."""

PartKey = tuple[str, int]
"""One part of an answer: the id of its item, and its place in there."""


@dataclass(slots=True)
class _Answer:
    parts: dict[PartKey, str] = field(default_factory=dict)
    told: str = ""

    @property
    def words(self) -> str:
        return "\n".join(part for part in self.parts.values() if part)


class Answers:
    """The answers of one call. Once an answer is over, nothing that comes late changes it."""

    def __init__(self, stream: str, number: int) -> None:
        self._prefix = f"{stream}.{number}."
        self._open: dict[str, _Answer] = {}
        self._over: deque[str] = deque(maxlen=OVER_KEPT)

    def knows(self, response_id: str) -> bool:
        """Return whether this response began here."""
        return response_id in self._open or response_id in self._over

    def started(self, response_id: str, now_ms: int, question_id: str = "") -> list[Change]:
        """A response began; one whose end was never told is over by that."""
        ended = self.close("its end was not told", now_ms)
        self._open[response_id] = _Answer()
        return [*ended, AnswerStarted(self.name(response_id), Lane.AUX, now_ms, question_id)]

    def name(self, response_id: str) -> str:
        """Return the id of the answer that this response gives."""
        return self._prefix + response_id

    def discard(self, response_id: str) -> None:
        """The user stopped this response before it began: say nothing of it."""
        self._over.append(response_id)

    def extended(self, response_id: str, part: PartKey, delta: str, now_ms: int) -> list[Change]:
        """More words of one part."""
        answer = self._open.get(response_id)
        if answer is None or not delta:
            return []
        words = clean(delta)
        gap = "\n" if answer.told and part not in answer.parts else ""
        answer.parts[part] = clean_join(answer.parts.get(part, ""), words)
        answer.told = clean_join(answer.told, gap + words)
        return [AnswerExtended(self.name(response_id), Lane.AUX, now_ms, gap + words)]

    def part_done(self, response_id: str, part: PartKey, text: str, now_ms: int) -> list[Change]:
        """All words of one part: told now where no delta came, else kept for the end."""
        answer = self._open.get(response_id)
        if answer is None or part not in answer.parts:
            return self.extended(response_id, part, text, now_ms)
        if text:
            answer.parts[part] = clean(text)
        return []

    def done(self, response_id: str, response: Response, now_ms: int) -> list[Change]:
        """The response is over; the words that it carries itself are the last word."""
        answer = self._open.get(response_id)
        if answer is None:
            return []
        words = _output_words(response) or answer.words
        status = _STATUS.get(response.status, AnswerStatus.COMPLETED)
        cause = _cause(response)
        if status is AnswerStatus.COMPLETED and not words.strip():
            status, cause = AnswerStatus.INCOMPLETE, "no words came"
        return self._end(response_id, now_ms, status, cause, words)

    def cancelled(self, response_id: str, now_ms: int) -> list[Change]:
        """The user stopped it."""
        answer = self._open.get(response_id)
        if answer is None:
            return []
        return self._end(response_id, now_ms, AnswerStatus.CANCELLED, _REASONS["client_cancelled"], answer.words)

    def close(self, cause: str, now_ms: int) -> list[Change]:
        """No more words will come."""
        changes: list[Change] = []
        for response_id, answer in list(self._open.items()):
            changes += self._end(response_id, now_ms, AnswerStatus.INCOMPLETE, cause, answer.words)
        return changes

    def _end(self, response_id: str, now_ms: int, status: AnswerStatus, cause: str, words: str) -> list[Change]:
        answer = self._open.pop(response_id)
        self._over.append(response_id)
        text = None if words == answer.told else words
        return [AnswerEnded(self.name(response_id), Lane.AUX, now_ms, status, text, cause)]


def _output_words(response: Response) -> str:
    parts = [part.words for item in response.output for part in item.content]
    return "\n".join(clean(part) for part in parts if part)


def _cause(response: Response) -> str:
    details = response.status_details
    if response.status not in _STATUS:
        return ""
    if details is None:
        return "the provider gave no reason"
    if details.error is not None:
        return clean_line(details.error.message or details.error.name) or "the provider gave no reason"
    return _REASONS.get(details.reason) or clean_line(details.reason) or "the provider gave no reason"
