"""The base of all tables of the configuration file."""

from __future__ import annotations

from msgspec import Struct


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table whose keys are all known: a mistyped one is an error with the nearest name, not a surprise."""
