"""What the lanes need of their neighbours in the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sentra_tui.domain.main_run import RunRef
from sentra_tui.domain.ports import StoredRun
from sentra_tui.domain.usage import Usage
from sentra_tui.protocol.context import ContextEntry


class RunBook(Protocol):
    """Where runs are written down before anything of them is shown."""

    async def run_opened(self, run: StoredRun) -> None:
        """Return once it is on the disk that this run is about to begin."""
        ...

    async def run_named(self, answer_id: str, ref: RunRef) -> None:
        """Return once it is on the disk what the provider calls it."""
        ...


class NoRunBook:
    """Writes nothing down: for a talk that is not to be recorded."""

    async def run_opened(self, run: StoredRun) -> None:
        """Pass over it."""

    async def run_named(self, answer_id: str, ref: RunRef) -> None:
        """Pass over it."""


class QuickLane(Protocol):
    """The auxiliary assistant, on the microphone's session; nothing happens where none stands."""

    on_told: Callable[[], None]
    """Called once a new session was told of the talk."""

    def tell(self, entry: ContextEntry) -> None:
        """Tell it what it cannot hear."""
        ...

    def answer(self, question_id: str) -> None:
        """Have it answer this question."""
        ...

    def say_again(self, text: str) -> bool:
        """Have it say these words; False where it cannot speak."""
        ...

    def cancel(self, question_id: str = "") -> bool:
        """Stop its answer, only that to `question_id` where one is given; return whether there was one."""
        ...


class Bill(Protocol):
    """Takes what a provider counted."""

    def __call__(self, stream: str, lane: str, model: str, usage: Usage) -> None:
        """Price it and tell it."""
        ...
