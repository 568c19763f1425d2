"""The border of the screen: no text from outside passes it unclean."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain.changes import Change
from sentra_tui.domain.text import clean


def cleaned(change: Change) -> Change:
    """Return the change with every text in it clean; the same one where it was."""
    unclean: dict[str, str] = {}
    for name in change.__struct_fields__:
        value = getattr(change, name)
        if type(value) is str and (safe := clean(value)) is not value:
            unclean[name] = safe
    return replace(change, **unclean) if unclean else change
