"""What it costs."""

from __future__ import annotations

from sentra_tui.domain.changes.base import ChangeBase
from sentra_tui.domain.usage import Usage


class Billed(ChangeBase, frozen=True):
    """The provider will want money for this.

    `stream` is the stream whose call it was, empty for the main assistant; `lane` who answered, empty for
    transcription. `usd` is None where the price of the model is unknown, which is not the same as nothing.
    """

    at_ms: int
    model: str
    usage: Usage
    stream: str = ""
    lane: str = ""
    usd: float | None = None
