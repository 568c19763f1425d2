"""Reads what chat completion servers answer, of which no two are quite alike: what does not fit is left out.

`reasoning_content`, thoughts that some servers send beside the answer, is not part of it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from sentra_tui.domain.errors import ProviderError
from sentra_tui.domain.text import clean_line

_SHOWN_CHARS = 200


class _Text(Struct, frozen=True):
    content: str | None = None


class _Choice(Struct, frozen=True):
    delta: _Text | None = None
    message: _Text | None = None


class _Answer(Struct, frozen=True):
    choices: list[_Choice] | None = field(default_factory=list)
    error: Any = None


def read_delta(data: bytes) -> str:
    """Return the words of one event of a stream; raises ProviderError for an error, or what is no JSON."""
    answer = _decode(data)
    return next((choice.delta.content or "" for choice in answer.choices or () if choice.delta), "")


def read_completion(body: bytes) -> str:
    """Return the words of a whole answer; raises ProviderError for an error, or what is no JSON."""
    answer = _decode(body)
    return next((choice.message.content or "" for choice in answer.choices or () if choice.message), "")


def read_error(body: bytes) -> str:
    """Return what an error says: `{"error": {"message"}}`, `{"error": ""}`, or the body's first words."""
    try:
        told = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return body[:_SHOWN_CHARS].decode("utf-8", "replace")
    error = told.get("error", told) if isinstance(told, dict) else told
    return str(error.get("message", "")) if isinstance(error, dict) else str(error)


def _decode(body: bytes) -> _Answer:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError as error:
        raise ProviderError("The model server answered with something that is no chat completion.") from error
    if answer.error:
        raise ProviderError(f"The model server broke off: {clean_line(read_error(body), _SHOWN_CHARS)}.")
    return answer
