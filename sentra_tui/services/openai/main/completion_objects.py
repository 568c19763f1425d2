"""Chat completions as far as we read them, and the way in which chat and Assistants count tokens.

Source: https://platform.openai.com/docs/api-reference/chat/streaming. Servers that only resemble OpenAI leave fields
out or send null: every field has a default. `reasoning_content` and tool calls are not read.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from sentra_tui.domain.main_run import RunEnded, RunStatus
from sentra_tui.domain.text import clean, clean_line
from sentra_tui.domain.usage import Usage
from sentra_tui.services.openai.main.response_objects import error_message, read

NO_REASON = "the provider gave no reason"
WANTED_TOOL = "the assistant asked for a tool, and has none"
CUT = "cut at the length limit"
CUT_HINT = "Raise max_output_tokens in [main]."

_REASONS = {
    "length": CUT,
    "content_filter": "held back by the provider's content filter",
    "tool_calls": WANTED_TOOL,
    "function_call": WANTED_TOOL,
}


class _CachedTokens(Struct, frozen=True):
    cached_tokens: int | None = None


class _Usage(Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _CachedTokens | None = None


class _Message(Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None


class _Choice(Struct, frozen=True):
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None


class _Chunk(Struct, frozen=True):
    id: str | None = None
    model: str | None = None
    choices: tuple[_Choice, ...] | None = None
    usage: Any = None
    error: Any = None


class CompletionReader:
    """One completion: its chunks one after the other, or the whole of it as a single one."""

    def __init__(self) -> None:
        self.name = ""
        self.begun = False
        self.usage: Usage | None = None
        self._model = ""
        self._words: list[str] = []
        self._refusal: list[str] = []
        self._finish_reason = ""
        self._error = ""
        self._lost = ""

    def feed(self, data: str | bytes) -> str:
        """Take one JSON object; return the words it adds. What is no JSON adds none."""
        try:
            chunk = msgspec.json.decode(data, type=_Chunk)
        except (msgspec.MsgspecError, RecursionError):
            return ""
        self.begun = True
        self.name = self.name or clean_line(chunk.id or "")
        self._model = chunk.model or self._model
        self.usage = read_usage(chunk.usage) or self.usage
        if chunk.error:
            self._error = error_message(chunk.error) or NO_REASON
        words = "".join(self._choice(choice) for choice in (chunk.choices or ())[:1])
        self._words.append(words)
        return clean(words)

    def lose(self, cause: str) -> None:
        """No more of it comes, and this is why."""
        self._lost = cause

    def ended(self) -> RunEnded:
        """Return what became of it."""
        text = clean("".join(self._words))
        status, cause = self._outcome(text)
        hint = CUT_HINT if cause == CUT else ""
        return RunEnded(status, text, self.usage, clean_line(self._model), cause, hint)

    def _choice(self, choice: _Choice) -> str:
        self._finish_reason = choice.finish_reason or self._finish_reason
        said = choice.delta or choice.message or _Message()
        self._refusal.append(said.refusal or "")
        return said.content or ""

    def _outcome(self, text: str) -> tuple[RunStatus, str]:
        if self._error:
            return RunStatus.FAILED, self._error
        if self._finish_reason in _REASONS:
            return RunStatus.INCOMPLETE, _REASONS[self._finish_reason]
        if self._lost and not self._finish_reason:
            return RunStatus.INCOMPLETE, self._lost
        refusal = clean_line("".join(self._refusal))
        if refusal or not text.strip():
            return RunStatus.INCOMPLETE, refusal or "no words came"
        return RunStatus.COMPLETED, ""


def read_usage(value: Any) -> Usage | None:
    """Return the tokens of a completion or a run, or None where the server does not count."""
    counted = read(value, _Usage)
    if counted is None or (counted.prompt_tokens is None and counted.completion_tokens is None):
        return None
    details = counted.prompt_tokens_details
    cached = (details.cached_tokens if details else None) or 0
    text_in = counted.prompt_tokens or 0
    return Usage(text_in=text_in, cached_text_in=min(cached, text_in), text_out=counted.completion_tokens or 0)
