"""What the machine of HTTP mode wants done. Imperatives: the driver carries them out, in order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias

from msgspec import Struct

from sentra_tui.domain.tags import snake_case
from sentra_tui.domain.voice_ports import ChatMessage


class _Effect(Struct, frozen=True, tag=snake_case):
    """The base of all effects."""


class Say(_Effect, frozen=True):
    """Send the client this server event of the GA dialect."""

    event: dict[str, Any]


class Transcribe(_Effect, frozen=True):
    """Have this stretch of what was heard written down; times are milliseconds of the call's sound."""

    request_id: str
    start_ms: int
    end_ms: int
    language: str = ""
    prompt: str = ""
    delay_s: float = 0.0
    """How long to wait before asking."""


class Complete(_Effect, frozen=True):
    """Have this conversation answered."""

    request_id: str
    messages: tuple[ChatMessage, ...]
    max_tokens: int


class Speak(_Effect, frozen=True):
    """Have this said aloud, and keep the sound until `Play` or `Drop`. Said twice, the first time came to nothing."""

    request_id: str
    text: str
    voice: str
    speed: float


class Play(_Effect, frozen=True):
    """Let the sound of this request be heard, behind all that plays already."""

    request_id: str


class Drop(_Effect, frozen=True):
    """End this request, forget its sound, and stop it where it is heard."""

    request_id: str


HttpEffect: TypeAlias = Say | Transcribe | Complete | Speak | Play | Drop
Outcome: TypeAlias = list[HttpEffect]


class Names:
    """Counts the ids of one session, so that the same events always lead to the same outcome."""

    def __init__(self) -> None:
        self._counts: dict[str, Callable[[], int]] = {}

    def next(self, prefix: str) -> str:
        """Return the next id of this kind, such as `item_1`."""
        return f"{prefix}_{self._counts.setdefault(prefix, count(1).__next__)()}"

    def say(self, kind: str, **fields: Any) -> Say:
        """Return the effect that sends this event."""
        return Say({"type": kind, "event_id": self.next("event"), **fields})
