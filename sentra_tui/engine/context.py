"""What every driver of the engine works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sentra_tui.domain.changes import Change
from sentra_tui.engine.tasks import TaskOwner


@dataclass(frozen=True)
class EngineContext:
    """The owner of tasks, the engine's time, and the way to say what happened."""

    tasks: TaskOwner
    now_ms: Callable[[], int]
    publish: Callable[[Change], None]
