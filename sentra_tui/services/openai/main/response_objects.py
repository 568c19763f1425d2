"""Responses, and the events that tell of them, as far as we read them.

Source: https://platform.openai.com/docs/api-reference/responses. Servers that only resemble OpenAI leave fields out or
send null: every field has a default, and one that does not fit is taken for absent.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sentra_tui.domain.text import clean, clean_line
from sentra_tui.domain.usage import Usage
from sentra_tui.services.openai.sse import ServerSentEvent
from sentra_tui.services.openai.status import redact

_NAME = re.compile(r"[\w~-][\w.~-]{0,255}", re.ASCII)
_ObjectT = TypeVar("_ObjectT")


class _Part(Struct, frozen=True):
    type: str = ""
    text: str | None = None
    refusal: str | None = None


class _Item(Struct, frozen=True):
    type: str = ""
    phase: str | None = None
    content: tuple[_Part, ...] | None = None

    @property
    def is_answer(self) -> bool:
        """Whether it is something said, other than a remark on the way there."""
        return self.type == "message" and self.phase != "commentary"


class _CachedTokens(Struct, frozen=True):
    cached_tokens: int | None = None


class _Usage(Struct, frozen=True):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _CachedTokens | None = None


class _Error(Struct, frozen=True):
    code: str | int | None = None
    message: str | None = None
    reason: str | None = None


class ResponseObject(Struct, frozen=True):
    """A response; its parts are read when they are asked for."""

    id: str | None = None
    status: str | None = None
    model: str | None = None
    output: Any = None
    usage: Any = None
    error: Any = None
    incomplete_details: Any = None

    @property
    def name(self) -> str:
        """Its id, or nothing where that could not be asked for safely."""
        return safe_name(self.id)

    @property
    def words(self) -> str:
        """All that it says."""
        return clean("".join(part.text or "" for part in self._parts if part.type == "output_text"))

    @property
    def refusal(self) -> str:
        """What the model said instead of an answer, on one line."""
        return clean_line(" ".join(part.refusal or "" for part in self._parts if part.type == "refusal"))

    @property
    def tokens(self) -> Usage | None:
        """What it used, or None where the server does not count."""
        counted = read(self.usage, _Usage)
        if counted is None or (counted.input_tokens is None and counted.output_tokens is None):
            return None
        details = counted.input_tokens_details
        cached = details.cached_tokens if details is not None else None
        return Usage(text_in=counted.input_tokens or 0, cached_text_in=cached or 0, text_out=counted.output_tokens or 0)

    @property
    def reason(self) -> str:
        """Why it is incomplete, in the provider's word."""
        details = read(self.incomplete_details, _Error)
        return clean_line((details and details.reason) or "")

    @property
    def error_message(self) -> str:
        """Why it failed, on one line."""
        return error_message(self.error)

    @property
    def _parts(self) -> list[_Part]:
        items = [read(item, _Item) for item in self.output] if isinstance(self.output, list) else []
        return [part for item in items if item is not None and item.is_answer for part in item.content or ()]


class ResponseEvent(Struct, frozen=True):
    """One event of a stream; which fields have a meaning depends on its type."""

    type: str = ""
    sequence_number: int | None = None
    output_index: int | None = None
    content_index: int | None = None
    delta: Any = None
    text: Any = None
    message: Any = None
    item: Any = None
    response: Any = None
    error: Any = None

    @property
    def begins_remark(self) -> bool:
        """Whether the item that is added is no part of the answer."""
        item = read(self.item, _Item)
        return item is not None and not item.is_answer


def read_event(event: ServerSentEvent) -> ResponseEvent | None:
    """Return what a server-sent event says, or None where it says nothing that we know: `[DONE]`, for one."""
    try:
        known = msgspec.json.decode(event.data, type=ResponseEvent)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if known.type:
        return known
    name = event.event or ("error" if known.error is not None else "")
    return msgspec.structs.replace(known, type=name)


def read_response(body: Any) -> ResponseObject | None:
    """Return a response from JSON, or None where it is none."""
    response = read(body, ResponseObject)
    return response if response is not None and (response.name or response.status) else None


def read(value: Any, kind: type[_ObjectT]) -> _ObjectT | None:
    """Return `value` as `kind`, or None where it does not fit."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def error_message(value: Any) -> str:
    """Return what an error object says, on one line and without keys."""
    if isinstance(value, str):
        return clean_line(redact(value))
    error = read(value, _Error)
    return "" if error is None else clean_line(redact(error.message or str(error.code or "")))


def safe_name(value: object) -> str:
    """Return an id that may stand in an address, or nothing."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""
