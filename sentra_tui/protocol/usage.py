"""What a realtime server says it counted.

Sources: `usage` of `response.done` and of `conversation.item.input_audio_transcription.completed` in the Realtime API
reference. Compatible servers leave parts out or send an empty object; what cannot be read is not counted, and never
makes the event that carries it unreadable.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sentra_tui.domain.usage import Usage

COUNT_MAX = 10**9
"""No single response or turn counts more tokens, or seconds."""

_Kind = TypeVar("_Kind", bound=Struct)


class _Tokens(Struct, frozen=True):
    """Tokens by modality."""

    text_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0


class _InputDetails(_Tokens, frozen=True):
    cached_tokens: int = 0
    cached_tokens_details: Any = None


class _ResponseUsage(Struct, frozen=True):
    input_tokens: int = 0
    output_tokens: int = 0
    input_token_details: Any = None
    output_token_details: Any = None


class _TranscriptionUsage(Struct, frozen=True):
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    input_token_details: Any = None


def response_usage(raw: Any) -> Usage | None:
    """Return the tokens of a response, or None where the server counted nothing.

    Tokens of no known modality are taken for text; where only the total of cached tokens is told, they are taken for
    text first, then for sound, then for images.
    """
    read = _read(raw, _ResponseUsage)
    inputs, outputs = _read(read.input_token_details, _InputDetails), _read(read.output_token_details, _Tokens)
    text_in, audio_in, image_in = _counts(inputs)
    text_in += max(0, _count(read.input_tokens) - text_in - audio_in - image_in)
    text_out, audio_out = _count(outputs.text_tokens), _count(outputs.audio_tokens)
    text_out += max(0, _count(read.output_tokens) - text_out - audio_out)
    cached_text, cached_audio, cached_image = _cached(inputs, [text_in, audio_in, image_in])
    usage = Usage(text_in, audio_in, image_in, cached_text, cached_audio, cached_image, text_out, audio_out)
    return usage if usage.tokens else None


def transcription_usage(raw: Any) -> Usage | None:
    """Return the tokens or the seconds of a transcription, or None where the server counted nothing."""
    read = _read(raw, _TranscriptionUsage)
    details = _read(read.input_token_details, _Tokens)
    text_in, audio_in = _count(details.text_tokens), _count(details.audio_tokens)
    audio_in += max(0, _count(read.input_tokens) - text_in - audio_in)
    seconds = min(max(read.seconds, 0.0), float(COUNT_MAX))
    usage = Usage(text_in=text_in, audio_in=audio_in, text_out=_count(read.output_tokens), seconds=seconds)
    return usage if usage.tokens or usage.seconds else None


def _cached(inputs: _InputDetails, limits: list[int]) -> list[int]:
    """Return the cached tokens of each modality, none above its `limits`."""
    told = _counts(_read(inputs.cached_tokens_details, _Tokens))
    cached = [min(count, limit) for count, limit in zip(told, limits, strict=True)]
    rest = max(0, _count(inputs.cached_tokens) - sum(cached))
    for index, limit in enumerate(limits):
        more = min(rest, limit - cached[index])
        cached[index] += more
        rest -= more
    return cached


def _counts(tokens: _Tokens) -> tuple[int, int, int]:
    return _count(tokens.text_tokens), _count(tokens.audio_tokens), _count(tokens.image_tokens)


def _count(tokens: int) -> int:
    return min(max(tokens, 0), COUNT_MAX)


def _read(raw: Any, kind: type[_Kind]) -> _Kind:
    if raw is None:
        return kind()
    try:
        return msgspec.convert(raw, kind, strict=False)
    except (msgspec.ValidationError, OverflowError):
        return kind()
