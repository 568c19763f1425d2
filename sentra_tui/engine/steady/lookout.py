"""Looks after several things again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from sentra_tui.engine.context import EngineContext


class Looker(Protocol):
    """Something that time changes."""

    def look(self) -> None:
        """See what the time asks for, once."""
        ...


class Lookout:
    """Has each of `lookers` look every so many seconds, in a task called `name`."""

    def __init__(self, lookers: Sequence[Looker], every_s: float, name: str, context: EngineContext) -> None:
        self._lookers = lookers
        self._every_s = every_s
        self._name = name
        self._tasks = context.tasks
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = self._tasks.start(self._run(), lambda failure: None, self._name)

    def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    def look(self) -> None:
        """See what the time asks for, once."""
        for looker in self._lookers:
            looker.look()

    async def _run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(self._every_s)
