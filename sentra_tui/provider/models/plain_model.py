"""The rule-based answerer as a text model: what answers in writing where no language model is behind the provider."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from sentra_tui.domain import briefing
from sentra_tui.provider.models.reply import Answerer
from sentra_tui.provider.models.second_opinion import second_opinion
from sentra_tui.provider.models.text_model import TextMessage

PIECE_INTERVAL_S = 0.02
SUMMARISE = "Summarise"
"""How a request for a summary begins."""

_PIECE = re.compile(r"(?:\s*\S+){1,3}\s*?")
_PART = re.compile(r"\n\s*\n")
_PART_WORDS = 12
"""How many words of each part a summary keeps."""


class PlainModel:
    """Answers from the table, a few words at a time. It knows no more than the messages that it is given."""

    def __init__(self, answerer: Answerer, interval_s: float = PIECE_INTERVAL_S) -> None:
        self._answerer = answerer
        self._interval_s = interval_s

    async def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        """Yield the answer to the last user message."""
        for piece in _PIECE.findall(self._text(messages)):
            yield piece
            await asyncio.sleep(self._interval_s)

    async def close(self) -> None:
        """Nothing is held."""

    def _text(self, messages: Sequence[TextMessage]) -> str:
        asked = [message.text for message in messages if message.role == "user"]
        last = asked[-1] if asked else ""
        if last.startswith(SUMMARISE):
            return _summary(last, messages[:-1])
        sections = briefing.sections(last)
        if briefing.QUESTION in sections:
            return second_opinion(self._answerer, sections)
        return self._answerer.answer(last)


def _summary(request: str, earlier: Sequence[TextMessage]) -> str:
    """Return the first words of each part of the request, or of each earlier message where it has none."""
    parts = _PART.split(request)[1:] or [message.text for message in earlier if message.role in ("user", "assistant")]
    return "\n".join(filter(None, map(_first_words, parts)))


def _first_words(part: str) -> str:
    lines = [line for line in part.splitlines() if not line.startswith("---")]
    words = " ".join(lines).split()
    return " ".join(words[:_PART_WORDS]) + (" …" if len(words) > _PART_WORDS else "")
