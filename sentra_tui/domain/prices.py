"""What models cost: a dated table that ships with the package, and the user's own in front of it."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from sentra_tui.domain.shipped import read_shipped
from sentra_tui.domain.toml_file import parse_toml, read_file
from sentra_tui.domain.usage import Usage

_MILLION = 1_000_000
_SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4})\Z")

Usd = Annotated[float, Meta(ge=0)]


class Rates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """USD per million tokens of one modality; None is not known."""

    input: Usd | None = None
    cached: Usd | None = None
    """Of input tokens that the provider had already; where it is not known, they cost what all input costs."""
    output: Usd | None = None

    def price(self, tokens_in: int, cached: int, tokens_out: int) -> float | None:
        """Return what these tokens cost in USD, `cached` being a part of `tokens_in`; None where that is not known."""
        cached_rate = self.input if self.cached is None else self.cached
        counts = ((tokens_in - cached, self.input), (cached, cached_rate), (tokens_out, self.output))
        usd = 0.0
        for tokens, rate in counts:
            if tokens and rate is None:
                return None
            usd += tokens * (rate or 0.0) / _MILLION
        return usd


class ModelPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one model costs."""

    text: Rates = Rates()
    audio: Rates = Rates()
    image: Rates = Rates()
    per_minute: Usd | None = None
    """USD for a minute of sound, where seconds are counted."""
    per_second: bool = False
    """A session is billed for as long as it stands, silence too."""

    def price(self, usage: Usage) -> float | None:
        """Return what `usage` costs in USD; None where a part of it has no price."""
        if usage.seconds and self.per_minute is None:
            return None
        parts = (
            self.text.price(usage.text_in, usage.cached_text_in, usage.text_out),
            self.audio.price(usage.audio_in, usage.cached_audio_in, usage.audio_out),
            self.image.price(usage.image_in, usage.cached_image_in, 0),
        )
        usd = usage.seconds / 60 * (self.per_minute or 0.0)
        for part in parts:
            if part is None:
                return None
            usd += part
        return usd


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of prices, the whole of a `prices.toml`."""

    as_of: date | None = None
    """The day on which they were looked up."""
    models: dict[str, ModelPrice] = field(default_factory=dict)

    def price(self, model: str, usage: Usage) -> float | None:
        """Return what `usage` of `model` costs in USD; None where that is not known, which is not the same as zero."""
        found = self._find(model)
        return None if found is None else found.price(usage)

    def billed_by_time(self, model: str) -> bool:
        """Return whether a session with `model` costs money while nobody speaks."""
        found = self._find(model)
        return found is not None and found.per_second

    def _find(self, model: str) -> ModelPrice | None:
        return self.models.get(model) or self.models.get(_SNAPSHOT.sub("", model))


def load_prices(path: Path | None) -> Prices:
    """Return the shipped prices, those of the user's own table in `path` in their place.

    Raises ConfigError naming the file, the key and the nearest known one; a file that does not exist says nothing.
    """
    raw = None if path is None else read_file(path)
    if raw is None:
        return _shipped()
    own = parse_toml(raw, str(path), Prices)
    return Prices(as_of=own.as_of or _shipped().as_of, models={**_shipped().models, **own.models})


@cache
def _shipped() -> Prices:
    return read_shipped("prices.toml", Prices)
