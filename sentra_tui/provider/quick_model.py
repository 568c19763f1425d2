"""The rule-based answerer as the quick lane has it: what was said last, answered at once and as a whole."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from sentra_tui.provider.reply import Answerer
from sentra_tui.provider.text_model import TextMessage


class QuickModel:
    """Answers the last message from the table."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    async def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        """Yield the answer in one piece."""
        yield self._answerer.answer(messages[-1].text if messages else "")

    async def close(self) -> None:
        """Nothing is held."""
