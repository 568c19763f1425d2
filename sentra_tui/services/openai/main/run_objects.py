"""Runs and messages of the Assistants API v2, as far as we read them; fields that are absent have defaults."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from sentra_tui.domain.main_run import RunEnded, RunStatus
from sentra_tui.domain.text import clean, clean_line
from sentra_tui.services.openai.main.completion_objects import CUT, CUT_HINT, NO_REASON, WANTED_TOOL, read_usage
from sentra_tui.services.openai.main.response_objects import error_message, read

_STATUSES = {
    "completed": RunStatus.COMPLETED,
    "incomplete": RunStatus.INCOMPLETE,
    "expired": RunStatus.INCOMPLETE,
    "requires_action": RunStatus.INCOMPLETE,
    "cancelled": RunStatus.CANCELLED,
    "failed": RunStatus.FAILED,
}
_FAILURES = {
    "rate_limit_exceeded": "the provider's limit, or the account's credit, is used up",
    "server_error": "the provider failed",
    "invalid_prompt": "the provider does not accept the question",
}
_SHORTFALLS = {
    "max_completion_tokens": CUT,
    "max_prompt_tokens": "the conversation is too long for the provider",
}


class _Reason(Struct, frozen=True):
    code: str | None = None
    reason: str | None = None


class _Value(Struct, frozen=True):
    value: str | None = None


class _Part(Struct, frozen=True):
    type: str = ""
    text: _Value | None = None
    refusal: str | None = None


class _Message(Struct, frozen=True):
    role: str = ""
    run_id: str | None = None
    content: tuple[_Part, ...] | None = None


class RunObject(Struct, frozen=True):
    """A run."""

    id: str | None = None
    status: str = ""
    model: str | None = None
    usage: Any = None
    last_error: Any = None
    incomplete_details: Any = None

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it, unless somebody acts."""
        return self.status in _STATUSES

    @property
    def wants_tool(self) -> bool:
        """Whether it waits for what a tool gives."""
        return self.status == "requires_action"

    @property
    def has_words(self) -> bool:
        """Whether its messages are worth reading."""
        return self.status in ("completed", "incomplete", "expired")

    def ended(self, text: str, refusal: str = "") -> RunEnded:
        """Return the end, `text` and `refusal` being what its messages say."""
        status, cause = _STATUSES[self.status], self._cause
        if status is RunStatus.COMPLETED and (refusal or not text.strip()):
            status, cause = RunStatus.INCOMPLETE, refusal or "no words came"
        hint = CUT_HINT if cause == CUT else ""
        return RunEnded(status, text, read_usage(self.usage), clean_line(self.model or ""), cause, hint)

    @property
    def _cause(self) -> str:
        match self.status:
            case "completed":
                return ""
            case "cancelled":
                return "stopped"
            case "expired":
                return "the provider let it expire"
            case "requires_action":
                return WANTED_TOOL
            case "failed":
                said = error_message(self.last_error)
                plain = _FAILURES.get(_reason(self.last_error).code or "", "")
                return ": ".join(filter(None, [plain, said])) or NO_REASON
        reason = _reason(self.incomplete_details).reason or ""
        return _SHORTFALLS.get(reason) or clean_line(reason) or NO_REASON


def read_run(body: Any) -> RunObject | None:
    """Return a run from JSON, or None where it is none."""
    run = read(body, RunObject)
    return run if run is not None and run.status else None


def read_words(body: Any, run_id: str) -> tuple[str, str]:
    """Return what the messages of a run say, and what they refuse. Some servers list those of other runs too."""
    items = body.get("data") if isinstance(body, dict) else None
    messages = [read(item, _Message) for item in items] if isinstance(items, list) else []
    said = [each for each in messages if each and each.role == "assistant" and each.run_id in (None, run_id)]
    parts = [part for message in said for part in message.content or ()]
    text = "\n\n".join(part.text.value for part in parts if part.text and part.text.value)
    return clean(text), clean_line(" ".join(part.refusal for part in parts if part.refusal))


def _reason(value: Any) -> _Reason:
    return read(value, _Reason) or _Reason()
