"""The words on the border of an assistant's pane."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sentra_tui.domain.question import Question
from sentra_tui.domain.state import AnswerStatus, Lane
from sentra_tui.ui.story import Card
from sentra_tui.ui.words import stepped

CONCURRENT_MAX = 8
"""More answers than this are never worked on at the same time."""


def lane_title(name: str, cards: Sequence[Card], started_at: float) -> str:
    """Return what the newest answer is, and when it was asked: `Main · confirmed · asked 12:03:40`."""
    if not cards:
        return name
    newest = cards[-1]
    word = newest.standing.text.partition(" · ")[0].partition(":")[0]
    asked = time.strftime("%H:%M:%S", time.localtime(started_at + newest.asked_ms / 1000))
    return f"{name} · {word} · asked {asked}" if newest.question is not None else f"{name} · {word}"


def lane_subtitle(cards: Sequence[Card], lane: Lane, questions: Sequence[Question], now_ms: int) -> str:
    """Return for how long the assistant has worked on an answer without words, and how many questions wait for it."""
    parts = []
    answers = (card.answer for card in cards[-CONCURRENT_MAX:])
    working = next((each for each in answers if each is not None and each.status is AnswerStatus.PROCESSING), None)
    if working is not None:
        parts.append(f"◌ processing {stepped(now_ms - working.started_ms) / 1000:.1f} s")
    waiting = sum(question.waiting for question in questions) if lane is Lane.MAIN else 0
    if waiting:
        parts.append(f"{waiting} waiting")
    return " · ".join(parts)
