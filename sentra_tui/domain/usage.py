"""What a provider counts: tokens by modality, or seconds of sound."""

from __future__ import annotations

from msgspec import Struct

RECENT_MINUTES = 10
"""How many minutes of bills are kept apart, to tell what an hour costs."""


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens of one answer or one transcription, or the `seconds` that were transcribed.

    Cached tokens are a part of the input tokens, never beside them.
    """

    text_in: int = 0
    audio_in: int = 0
    image_in: int = 0
    cached_text_in: int = 0
    cached_audio_in: int = 0
    cached_image_in: int = 0
    text_out: int = 0
    audio_out: int = 0
    seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        """Return both together."""
        return Usage(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.text_in + self.audio_in + self.image_in + self.text_out + self.audio_out


class BillRow(Struct, frozen=True):
    """What one model was used for, and what that costs."""

    stream: str
    """The stream whose call it was; empty for the main assistant."""
    lane: str
    """Who answered; empty for transcription."""
    model: str
    usage: Usage = Usage()
    usd: float = 0.0
    unpriced: int = 0
    """How many of its bills had no price."""


class Cost(Struct, frozen=True):
    """The bill so far."""

    rows: tuple[BillRow, ...] = ()
    since_ms: int | None = None
    """When the first bill came, in milliseconds of the engine's clock."""
    recent: tuple[tuple[int, float], ...] = ()
    """What each of the last minutes cost: its number, counted as `since_ms` is, and USD."""

    @property
    def usd(self) -> float:
        """The sum of what has a price."""
        return sum(row.usd for row in self.rows)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The models whose price is unknown."""
        return tuple(dict.fromkeys(row.model for row in self.rows if row.unpriced))
