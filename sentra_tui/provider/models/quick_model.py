"""The rule-based answerer as the quick lane has it: what was said last, answered at once and as a whole."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from sentra_tui.domain.config import READ_ALOUD
from sentra_tui.provider.models.reply import Answerer
from sentra_tui.provider.models.text_model import TextMessage


class QuickModel:
    """Answers the last message from the table."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    async def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        """Yield the answer in one piece; what is to be read aloud comes back as it is."""
        last = messages[-1].text if messages else ""
        read = any(message.role == "system" and message.text == READ_ALOUD for message in messages)
        yield last if read else self._answerer.answer(last)

    async def close(self) -> None:
        """Nothing is held."""
