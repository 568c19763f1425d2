"""What a front end needs of the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from sentra_tui.domain.actions import Action
from sentra_tui.domain.changes import Change


class Link(Protocol):
    """The engine, as a front end holds it."""

    def changes(self) -> AsyncIterator[Change]:
        """Start the engine and yield what happens in it, until the link is closed.

        An engine that dies is started again: EngineLost, and then EngineStarted, say so.
        """
        ...

    def send(self, action: Action) -> None:
        """Queue one action; never blocks, and an engine that starts again gets it later or not at all."""
        ...

    async def close(self) -> None:
        """Hang up and end the engine; may be called at any time, more than once."""
        ...
