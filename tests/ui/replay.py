"""A link that plays recorded changes and remembers the actions it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from sentra_tui.domain.actions import Action
from sentra_tui.domain.changes import Change


class ReplayLink:
    """A link whose engine is a recording; `play` adds to it while it runs."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue()
        self.actions: list[Action] = []
        self.closed = 0
        self.play(*changes)

    def play(self, *changes: Change) -> None:
        for change in changes:
            self._queue.put_nowait(change)

    async def changes(self) -> AsyncIterator[Change]:
        while (change := await self._queue.get()) is not None:
            yield change

    @property
    def is_played(self) -> bool:
        """Whether every change was taken."""
        return self._queue.empty()

    def send(self, action: Action) -> None:
        self.actions.append(action)

    async def close(self) -> None:
        self.closed += 1
        self._queue.put_nowait(None)
