"""`reduce(state, change)`: the one function that says what a change means.

Each change has one arm, registered by its type. An arm never fails: a change about a stream that is not there, or a
late word for a line that is settled, leaves the state as it is.
"""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain.changes import Change
from sentra_tui.domain.reduce import answers, cost, engine, metrics, network, sound, streams, transcripts
from sentra_tui.domain.reduce.answers import ANSWERS_KEPT
from sentra_tui.domain.reduce.arms import arm
from sentra_tui.domain.reduce.engine import NOTICES_KEPT
from sentra_tui.domain.state import AppState

__all__ = [
    "ANSWERS_KEPT",
    "NOTICES_KEPT",
    "answers",
    "cost",
    "engine",
    "metrics",
    "network",
    "reduce",
    "sound",
    "streams",
    "transcripts",
]


def reduce(state: AppState, change: Change) -> AppState:
    """Return the state after `change`."""
    after = arm(change, state)
    at_ms = getattr(change, "at_ms", state.now_ms)
    return after if at_ms <= after.now_ms else replace(after, now_ms=at_ms)
