"""What HTTP mode needs of the world: something that writes down, something that answers, something that speaks.

Each is asked with one request and gives its result in pieces. All raise CredentialRefused, TransportRefused,
NotSupported where the server does not have this part, or TransportLost. Closing an iterator gives the request up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from sentra_tui.domain.usage import Usage

Role: TypeAlias = Literal["system", "user", "assistant"]


class ChatMessage(Struct, frozen=True):
    """One message of a conversation."""

    role: Role
    text: str


class TextExtended(Struct, frozen=True):
    """More words, as they come from the wire."""

    text: str


class TextEnded(Struct, frozen=True):
    """The end of the words."""

    text: str
    """All of them; what was said before may differ."""
    usage: Usage | None = None
    """What the server counted, where it says so."""
    cut: bool = False
    """The limit on length ended it."""


TextEvent: TypeAlias = TextExtended | TextEnded


class Transcription(Protocol):
    """Writes down recorded speech."""

    def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        """Yield what is said in `sound`, frames of `sentra_tui.domain.audio`; `TextEnded` last.

        `prompt` is what was said before. `sound` is no longer than `max_ms`.
        """
        ...

    @property
    def max_ms(self) -> int:
        """The longest recording that the server takes, in milliseconds."""
        ...


class Completion(Protocol):
    """Answers a conversation."""

    def complete(self, messages: Sequence[ChatMessage], *, max_tokens: int) -> AsyncIterator[TextEvent]:
        """Yield the answer, `TextEnded` last."""
        ...


class Speech(Protocol):
    """Says text aloud."""

    def speak(self, text: str, *, voice: str, speed: float) -> AsyncIterator[bytes]:
        """Yield the sound of `text`, as it comes: pieces of any length, 48 kHz mono s16le.

        `voice` is a name that the server may not know, `speed` 0.25 to 1.5. Raises SourceError too, where what speaks
        is on this machine and cannot.
        """
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...
