"""A model that believes everything: it obeys each instruction that it reads, whoever wrote it, and calls each tool."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence

from sentra_tui.provider.models.text_model import TextMessage
from sentra_tui.provider.models.tool_calls import ToolCall

_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|instead|system:|assistant:|you must|you are now|say|repeat|print|reply|answer with|"
    r"call|run|execute|open|visit|fetch|send|delete|set|change|switch|new instructions?)\b[^\n]*",
    re.IGNORECASE,
)


class GullibleModel:
    """Remembers what it read (`read`) and the tools that it was offered (`offered`); answers with what it obeyed."""

    def __init__(self) -> None:
        self.read: list[list[TextMessage]] = []
        self.offered: list[str] = []

    async def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        self.read.append(list(messages))
        for obeyed in self._obeyed(messages):
            yield obeyed + "\n"

    def calls(self, messages: Sequence[TextMessage], tools: Sequence[str]) -> list[ToolCall]:
        self.offered += tools
        return [ToolCall(f"call_{place}", name, '{"obeyed": true}') for place, name in enumerate(tools)]

    async def close(self) -> None:
        pass

    def _obeyed(self, messages: Sequence[TextMessage]) -> list[str]:
        """Return its answer, line by line: a verdict, every order that it read as if done, and links."""
        orders = [order[0].strip() for message in messages for order in _ORDER.finditer(message.text)]
        links = [f"[click here](https://evil.example/{place})" for place in range(min(len(orders), 3))]
        return ["CORRECTED", "I am at your service.", *(f"Done as you said: {order}" for order in orders), *links]
