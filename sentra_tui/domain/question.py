"""What is to be answered."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sentra_tui.domain.transcript import LineKey

Scope = Literal["recent", "2m", "5m", "all"]
"""What of the talk an answer is about: what was said since the last answer, the last minutes, or everything."""

SCOPE_MS: dict[Scope, int | None] = {"recent": None, "2m": 120_000, "5m": 300_000, "all": None}
"""How far back each reaches, in milliseconds; None is not by time."""


class Question(Struct, frozen=True):
    """One question. The auxiliary assistant drafts an answer, the main one judges the draft."""

    question_id: str
    at_ms: int
    text: str
    stream: str = ""
    """The stream of the line that raised it; empty for the keyboard."""
    key: LineKey | None = None
    scope: Scope = "recent"
    waiting: bool = False
    """The main assistant has not been asked yet, and will be."""
    dropped: str = ""
    """Why the main assistant will not be asked, one line."""


def question_id_of(stream: str, key: LineKey) -> str:
    """Return the id of the question that this line raises."""
    return f"{stream}.{key.session}.{key.item_id}"
