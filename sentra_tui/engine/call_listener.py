"""What the driver of a call tells whoever carries its sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sentra_tui.domain.usage import Usage
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.roads.ports import Dialled


class CallListener(Protocol):
    """Who wants to know which call carries the stream's sound."""

    @property
    def observers(self) -> Sequence[CallObserver]:
        """Who else is told what happens to the stream's calls."""
        ...

    def call_began(self, dialled: Dialled) -> None:
        """This call carries sound from now on."""
        ...

    def call_ended(self) -> None:
        """No call does."""
        ...

    def flush_playback(self) -> None:
        """What the peer said and is not yet heard must not be heard."""
        ...

    def begin_playback(self) -> None:
        """What the peer says from now on is a new answer."""
        ...

    def refuse_voice(self, cause: str) -> None:
        """The peer does not know the voice."""
        ...

    def meter(self, lane: str, usage: Usage) -> None:
        """The peer counted this."""
        ...
