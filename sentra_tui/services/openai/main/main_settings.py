"""How patient a main assistant is, and what it is called."""

from __future__ import annotations

from msgspec import Struct

CANCEL_S = 5.0
"""How long to try to stop a run that is given up."""


class MainSettings(Struct, frozen=True, kw_only=True):
    """What every implementation of the MainAssistant port is told."""

    poll_s: float = 0.5
    """How long to wait before the first look at a run, where the server does not say; the next ones wait longer."""
    deadline_s: float = 600.0
    """The longest that one run is waited for."""
    label: str = "The provider"
    """What messages call the provider."""


def duration(seconds: float) -> str:
    """Return a length of time in words: `10 minutes`."""
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
