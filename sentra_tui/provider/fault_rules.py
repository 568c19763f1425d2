"""What every rule of a plan of faults has in common: it counts what it matches."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

Seconds = Annotated[float, Meta(ge=0)]
ErrorStatus = Annotated[int, Meta(ge=400, le=599)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Acts on the `numbers` given of what it matches, counted from 1, or on all."""

    numbers: list[Annotated[int, Meta(ge=1)]] = field(default_factory=list)
