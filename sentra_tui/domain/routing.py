"""Which main model answers a question: the smaller one where a rule of the configuration says so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sentra_tui.domain.config import Route

CHARS_MAX = 2000
"""A longer question is never short or simple; and what patterns make of one is not waited for."""


def choose_model(
    question: str, routes: Sequence[Route], *, model: str, small_model: str, economy: bool
) -> tuple[str, str]:
    """Return the model for this question, and why, in a few words for the event log.

    A question without words asks what should be said now: no rule fits it. The patterns of `routes` compile; the
    configuration file is checked for that.
    """
    if economy:
        return small_model, "money is saved"
    if not question.strip():
        return model, "it is about the whole talk"
    if len(question) > CHARS_MAX:
        return model, "it is long"
    for number, route in enumerate(routes, 1):
        if _fits(question, route):
            return small_model, f"route {number}: {_reason(route)}"
    return model, "no route fits"


def _fits(question: str, route: Route) -> bool:
    if route.max_words is not None and len(question.split()) > route.max_words:
        return False
    if route.pattern and not re.search(route.pattern, question, re.IGNORECASE):
        return False
    return not (route.unless and re.search(route.unless, question, re.IGNORECASE))


def _reason(route: Route) -> str:
    reasons = [
        f"at most {route.max_words} words" if route.max_words is not None else "",
        "its pattern is found" if route.pattern else "",
        "nothing speaks against it" if route.unless else "",
    ]
    return ", ".join(filter(None, reasons)) or "it takes every question"
