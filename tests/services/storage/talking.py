"""Talks for the journal's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import JournalError
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import UNFINISHED, AppState
from sentra_tui.domain.transcript import LineKey
from sentra_tui.services.storage.journal import SqliteJournal


def unexpected(error: JournalError) -> None:
    """Take a failure where none may come."""
    pytest.fail(str(error))


@asynccontextmanager
async def opened(path: Path, wall_s: float = 5_000.0) -> AsyncIterator[SqliteJournal]:
    """Have the journal at `path` open, at this time of day."""
    journal = SqliteJournal(path, wall=lambda: wall_s)
    await journal.open(unexpected)
    try:
        yield journal
    finally:
        await journal.close()


def said(number: int, text: str = "", stream: str = "mic") -> c.TranscriptCommitted:
    """Return the final line of this number."""
    return c.TranscriptCommitted(
        stream, LineKey(1, f"item{number}"), text or f"line {number}", number * 100, number * 100 + 90
    )


def reduced(changes: Iterable[c.Change]) -> AppState:
    """Return the state that the changes lead to."""
    state = AppState()
    for change in changes:
        state = reduce(state, change)
    return state


def settled(state: AppState) -> dict[str, object]:
    """Return what of a state a journal keeps."""
    return {
        "lines": {
            stream.name: [line for line in stream.transcript if line.final and not line.failed]
            for stream in state.streams
        },
        "questions": [replace(question, waiting=False) for question in state.questions],
        "answers": [answer for answer in state.answers if answer.status not in UNFINISHED],
        "bills": [replace(row, unpriced=min(row.unpriced, 1)) for row in state.cost.rows],
        "billed since": state.cost.since_ms,
    }
