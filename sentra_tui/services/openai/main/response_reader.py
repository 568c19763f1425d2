"""What becomes of one response: events of its stream, or looks at the whole of it, made into what the run tells."""

from __future__ import annotations

from sentra_tui.domain.main_run import RunEnded, RunEvent, RunExtended, RunProgressed, RunStatus
from sentra_tui.domain.text import clean, clean_line
from sentra_tui.services.openai.main.response_objects import (
    ResponseEvent,
    ResponseObject,
    error_message,
    read_event,
    read_response,
)
from sentra_tui.services.openai.sse import ServerSentEvent

_ENDS = {
    "completed": RunStatus.COMPLETED,
    "incomplete": RunStatus.INCOMPLETE,
    "cancelled": RunStatus.CANCELLED,
    "failed": RunStatus.FAILED,
}
_REASONS = {
    "max_output_tokens": "cut at the length limit",
    "content_filter": "held back by the provider's content filter",
    "max_messages": "cut at the provider's limit of messages",
    "steered": "ended by other instructions",
}
_HINTS = {"max_output_tokens": "Raise max_output_tokens in [main]."}
_NO_REASON = "the provider gave no reason"


class ResponseReader:
    """One response. Words that come before its name is known are kept for the end.

    `name` is its id, `sequence_number` the last event that was read, `trouble` what an `error` event said.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.sequence_number: int | None = None
        self.trouble = ""
        self.over = False
        self._stage = ""
        self._told: list[str] = []
        self._parts: set[tuple[int, int]] = set()
        self._remarks: set[int] = set()
        self._known_through: int | None = None

    @property
    def text(self) -> str:
        """The words that came so far."""
        return clean("".join(self._told))

    def resumed(self) -> None:
        """The stream begins again: pass over what was read of it."""
        self._known_through = self.sequence_number

    def event(self, raw: ServerSentEvent) -> list[RunEvent]:
        """Return what an event of the stream tells; after the end nothing does."""
        event = read_event(raw)
        if event is None or self.over or self._is_old(event):
            return []
        match event.type:
            case "response.output_text.delta":
                return self._extended(event, event.delta)
            case "response.output_text.done":
                return [] if _part(event) in self._parts else self._extended(event, event.text)
            case "response.output_item.added":
                if event.begins_remark:
                    self._remarks.add(event.output_index or 0)
            case "error":
                self.trouble = error_message(event.error or event.message) or _NO_REASON
            case _:
                response = read_response(event.response)
                if response is not None:
                    return self.response(response, event.type.removeprefix("response."))
        return []

    def response(self, response: ResponseObject, stage: str = "") -> list[RunEvent]:
        """Return what the response as it stands tells; `stage` is what its event says of it."""
        self.name = self.name or response.name
        status = response.status or stage
        if stage in _ENDS and status not in _ENDS:
            status = stage
        if status in _ENDS and not self.over:
            self.over = True
            return [self._ended(response, _ENDS[status])]
        if status == self._stage or self.over:
            return []
        self._stage = status
        return [RunProgressed(clean_line(status, 40))]

    def cut_off(self, status: RunStatus, cause: str, hint: str = "") -> RunEnded:
        """The run is over for us, with the words that came."""
        self.over = True
        return RunEnded(status, self.text, cause=cause, hint=hint)

    def _is_old(self, event: ResponseEvent) -> bool:
        number = event.sequence_number
        if number is None:
            return False
        self.sequence_number = max(number, self.sequence_number or 0)
        return self._known_through is not None and number <= self._known_through

    def _extended(self, event: ResponseEvent, words: object) -> list[RunEvent]:
        if not isinstance(words, str) or not words or (event.output_index or 0) in self._remarks:
            return []
        self._parts.add(_part(event))
        self._told.append(words)
        return [RunExtended(clean(words))] if self.name else []

    def _ended(self, response: ResponseObject, status: RunStatus) -> RunEnded:
        words = response.words or self.text
        cause, hint = _why(response, status)
        if status is RunStatus.COMPLETED and response.refusal:
            status, cause = RunStatus.INCOMPLETE, response.refusal
        elif status is RunStatus.COMPLETED and not words.strip():
            status, cause = RunStatus.INCOMPLETE, "no words came"
        return RunEnded(status, words, response.tokens, clean_line(response.model or ""), cause, hint)


def _part(event: ResponseEvent) -> tuple[int, int]:
    return event.output_index or 0, event.content_index or 0


def _why(response: ResponseObject, status: RunStatus) -> tuple[str, str]:
    match status:
        case RunStatus.INCOMPLETE:
            reason = response.reason
            return _REASONS.get(reason) or reason or _NO_REASON, _HINTS.get(reason, "")
        case RunStatus.CANCELLED:
            return "stopped", ""
        case RunStatus.FAILED:
            return response.error_message or _NO_REASON, ""
        case _:
            return "", ""
