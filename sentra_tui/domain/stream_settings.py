"""What can be chosen about a stream while it runs."""

from __future__ import annotations

from msgspec import Struct


class StreamSettings(Struct, frozen=True):
    """The choices that a stream's session follows; a session that begins later follows the newest."""

    language: str = ""
    """The language that is spoken, as ISO 639-1; empty lets the provider find out."""
    voice: bool = False
    """Answers are spoken."""
    answer_voice: str = ""
    """The name of the voice."""
    speed: float = 1.0
    """How fast it speaks; 1 is its own pace."""
    economy: bool = False
    """The smaller model answers."""
