"""What questions and commands sound like, learnt before the first line is said: that takes longer than the loop may."""

from __future__ import annotations

import asyncio

from sentra_tui.domain.changes import Change, LanguageChanged
from sentra_tui.domain.commands import command_in
from sentra_tui.domain.questions import is_question
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner


class Vocabulary:
    """Has the words of a language read and compiled, on a thread, as soon as the language is chosen."""

    def __init__(self, store: Store, tasks: TaskOwner) -> None:
        self._tasks = tasks
        store.subscribe(self._take)

    def learn(self, language: str) -> None:
        """Begin to learn `language`, ISO 639-1; one that is empty is English. To learn one again costs nothing."""
        self._tasks.start(asyncio.to_thread(_learn, language), lambda failure: None, "vocabulary")

    def _take(self, change: Change) -> None:
        if isinstance(change, LanguageChanged):
            self.learn(change.language)


def _learn(language: str) -> None:
    is_question("", language)
    command_in("", language)
