"""A stream whose calls are only watched, and the store that hears of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sentra_tui.domain import changes as c
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner


class WatchedStream:
    """Has observers, and tells all of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.observers: list[CallObserver] = []

    def tell(self, happened: Callable[..., None], *arguments: Any) -> None:
        """Tell the observers what `happened`, a method of CallObserver."""
        for observer in self.observers:
            getattr(observer, happened.__name__)(*arguments)


class Watching:
    """Streams, their store, and every change that was published."""

    def __init__(self, *names: str) -> None:
        self.now_ms = 0
        self.store = Store()
        self.changes: list[c.Change] = []
        self.store.subscribe(self.changes.append)
        self.streams = [WatchedStream(name) for name in names]
        self.context = EngineContext(TaskOwner(), lambda: self.now_ms, self.store.publish)
        for name in names:
            self.store.publish(c.StreamAdded(name))

    def told(self, kind: type[c.Change]) -> Sequence[Any]:
        return [change for change in self.changes if isinstance(change, kind)]
