"""What somebody asks for: a key, a palette entry, a line on standard input.

Imperatives. The screen, or whoever drives the engine, sends them one JSON object a line, tagged by `type`.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from sentra_tui.domain.tags import snake_case

StreamName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")]
TypedText = Annotated[str, Meta(min_length=1, max_length=32_000)]


class _Action(Struct, frozen=True, tag=snake_case, forbid_unknown_fields=True):
    """The base of all actions."""


class ConnectStream(_Action, frozen=True):
    """Call the provider for this stream, and keep the call."""

    stream: StreamName


class HangUp(_Action, frozen=True):
    """End this stream's call."""

    stream: StreamName


class RetryNow(_Action, frozen=True):
    """Dial at once every stream that waits for its next attempt or has failed."""


class SetMute(_Action, frozen=True):
    """Send silence instead of this stream's sound, or stop doing so."""

    stream: StreamName
    muted: bool


class SetVoice(_Action, frozen=True):
    """Have answers spoken, or only written."""

    on: bool


class SayText(_Action, frozen=True):
    """Say this to the assistant in writing, on the microphone's session."""

    text: TypedText


class CancelAnswer(_Action, frozen=True):
    """Stop the answer that is being written or spoken."""


class Quit(_Action, frozen=True):
    """Hang up everything and end the engine."""


Action: TypeAlias = ConnectStream | HangUp | RetryNow | SetMute | SetVoice | SayText | CancelAnswer | Quit
