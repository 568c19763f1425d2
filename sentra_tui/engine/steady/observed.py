"""A stream as those see it who only watch its calls."""

from __future__ import annotations

from typing import Protocol

from sentra_tui.engine.call_observer import CallObserver


class ObservedStream(Protocol):
    """Has a name, and tells its observers of its calls."""

    @property
    def name(self) -> str:
        """The name of the stream."""
        ...

    @property
    def observers(self) -> list[CallObserver]:
        """Who is told, in this order."""
        ...
