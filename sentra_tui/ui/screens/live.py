"""A screen over the main one that goes on showing what happens."""

from __future__ import annotations

from abc import abstractmethod

from textual.screen import ModalScreen

from sentra_tui.domain.state import AppState


class LiveScreen(ModalScreen[None]):
    """Is given each newest state while it is on top."""

    @abstractmethod
    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take the newest state; `now_ms` is milliseconds since the engine started."""
