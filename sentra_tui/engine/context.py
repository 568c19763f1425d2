"""What every driver of the engine works with."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sentra_tui.domain.changes import Change
from sentra_tui.engine.tasks import TaskOwner

MARK_BYTES = 6


def random_mark() -> str:
    """Return a delimiter that nobody can guess."""
    return secrets.token_hex(MARK_BYTES)


@dataclass(frozen=True)
class EngineContext:
    """The owner of tasks, the engine's time, the way to say what happened, and a source of delimiters."""

    tasks: TaskOwner
    now_ms: Callable[[], int]
    publish: Callable[[Change], None]
    mark: Callable[[], str] = random_mark
