"""The store: one state, changed only by `publish`; one way in for requests, `dispatch`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from sentra_tui.domain.actions import Action
from sentra_tui.domain.changes import Change
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState

_LOG = logging.getLogger(__name__)

ActionType = TypeVar("ActionType", bound=Action)
Listener = Callable[[Change], None]


class Store:
    """Holds the state, tells listeners what happened, and passes requests to whoever answers for them."""

    def __init__(self) -> None:
        self.state = AppState()
        self._listeners: list[Listener] = []
        self._handlers: dict[type[Any], Callable[[Any], None]] = {}

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every change from now on, after the state has moved."""
        self._listeners.append(listener)

    def handle(self, action_type: type[ActionType], handler: Callable[[ActionType], None]) -> None:
        """Have `handler` answer for this kind of action. Handlers never block."""
        self._handlers[action_type] = handler

    def publish(self, change: Change) -> None:
        """Say that this happened."""
        self.state = reduce(self.state, change)
        for listener in self._listeners:
            listener(change)

    def restore(self, change: Change) -> None:
        """Move the state by what listeners know already."""
        self.state = reduce(self.state, change)

    def dispatch(self, action: Action) -> None:
        """Pass a request on; one that nobody answers for is logged, not an error."""
        handler = self._handlers.get(type(action))
        if handler is None:
            _LOG.warning("no handler for %s", type(action).__name__)
            return
        handler(action)
