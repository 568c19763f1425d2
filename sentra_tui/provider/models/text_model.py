"""What answers in writing: the port that the Responses, Assistants and chat endpoints share."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from msgspec import Struct


class TextMessage(Struct, frozen=True):
    """One message of a conversation."""

    role: str
    """`system`, `developer`, `user` or `assistant`."""
    text: str


class TextModel(Protocol):
    """A model that answers a conversation."""

    def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        """Yield the answer to the last user message, a piece at a time; raises ProviderError.

        To be closed (`contextlib.aclosing`) by who may not read it to its end.
        """
        ...

    async def close(self) -> None:
        """Close what is held."""
        ...
