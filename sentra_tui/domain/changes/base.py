"""What all changes have in common."""

from __future__ import annotations

from msgspec import Struct

from sentra_tui.domain.tags import snake_case


class ChangeBase(Struct, frozen=True, tag=snake_case):
    """The base of all changes. A reader ignores fields that it does not know."""
