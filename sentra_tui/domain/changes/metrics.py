"""What is measured, and what crosses the wire."""

from __future__ import annotations

from sentra_tui.domain.changes.base import ChangeBase
from sentra_tui.domain.metrics import Metric


class MetricMeasured(ChangeBase, frozen=True):
    """One value of a metric."""

    at_ms: int
    metric: Metric
    value: float
    stream: str = ""


class WireLogged(ChangeBase, frozen=True):
    """An event crossed the provider's wire; told only while somebody watches. Never words, sound or keys."""

    at_ms: int
    stream: str
    outgoing: bool
    event: str
    """Its type, as the wire says it."""
    detail: str = ""
    """Its ids, times and sizes, with every other value left out."""
