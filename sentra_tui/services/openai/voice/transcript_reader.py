"""A transcript out of what a server sends: events, chunks like those of a completion, or all of it at once.

Source: https://platform.openai.com/docs/api-reference/audio/transcript-text-delta-event. vLLM streams chunks of the
form of a chat completion; servers on faster-whisper, events that have nothing but `text`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.text import clean
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded
from sentra_tui.services.openai.main.response_objects import error_message, read

_DONE = "[DONE]"
_COUNT_MAX = 10**9


class _Details(Struct, frozen=True):
    text_tokens: int | None = None
    audio_tokens: int | None = None


class _Usage(Struct, frozen=True):
    input_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None
    input_token_details: Any = None


class _Delta(Struct, frozen=True):
    content: str | None = None


class _Choice(Struct, frozen=True):
    delta: _Delta | None = None


class _Event(Struct, frozen=True):
    type: str | None = None
    delta: Any = None
    text: str | None = None
    usage: Any = None
    choices: tuple[_Choice, ...] | None = None
    error: Any = None


class TranscriptReader:
    """One transcript: feed it each piece of JSON."""

    def __init__(self) -> None:
        self.over = False
        """Whether nothing more of it comes."""
        self._words: list[str] = []
        self._text: str | None = None
        self._usage: Usage | None = None
        self._untyped = False

    def feed(self, data: str) -> str:
        """Return the words that an event adds, none where it is not known; raises TransportRefused for an error."""
        if data.strip() == _DONE:
            self.over = True
            return ""
        try:
            event = msgspec.json.decode(data, type=_Event)
        except (msgspec.MsgspecError, RecursionError):
            return ""
        if event.error:
            raise TransportRefused(f"The transcription failed: {error_message(event.error) or 'no reason is given'}.")
        self._usage = read_usage(event.usage) or self._usage
        words = self._words_of(event)
        self._words.append(words)
        return clean(words)

    def _words_of(self, event: _Event) -> str:
        if event.type == "transcript.text.done":
            self._text, self.over = event.text, True
            return ""
        if event.type:
            is_delta = event.type == "transcript.text.delta" and isinstance(event.delta, str)
            return str(event.delta) if is_delta else ""
        self._untyped = True
        if event.choices:
            return "".join(choice.delta.content or "" for choice in event.choices[:1] if choice.delta)
        return event.text or ""

    def ended(self) -> TextEnded:
        """Return the whole; raises TransportLost where it broke off; what has no types may just end."""
        if not self.over and not self._untyped:
            raise TransportLost("The transcription broke off.")
        text = "".join(self._words) if self._text is None else self._text
        return TextEnded(clean(text).strip(), self._usage)


def read_usage(value: Any) -> Usage | None:
    """Return the tokens or the seconds that were counted, None where the server does not count."""
    counted = read(value, _Usage)
    if counted is None:
        return None
    details = read(counted.input_token_details, _Details) or _Details()
    text_in = _count(details.text_tokens)
    audio_in = max(_count(details.audio_tokens), _count(counted.input_tokens) - text_in)
    seconds = min(max(counted.seconds or 0.0, 0.0), float(_COUNT_MAX))
    usage = Usage(text_in=text_in, audio_in=audio_in, text_out=_count(counted.output_tokens), seconds=seconds)
    return usage if usage.tokens or usage.seconds else None


def _count(tokens: int | None) -> int:
    return min(max(tokens or 0, 0), _COUNT_MAX)
