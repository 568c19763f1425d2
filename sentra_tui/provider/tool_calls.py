"""Models that call tools: a text model may be one besides. The provider's own are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from sentra_tui.provider.text_model import TextMessage, TextModel


class ToolCall(Struct, frozen=True):
    """A function that the model wants called."""

    id: str
    name: str
    arguments: str = "{}"
    """JSON."""

    def wire(self) -> dict[str, object]:
        """Return the call as the chat and Assistants APIs show it."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@runtime_checkable
class ToolUser(Protocol):
    """A model that may call tools before it answers."""

    def calls(self, messages: Sequence[TextMessage], tools: Sequence[str]) -> list[ToolCall]:
        """Return the calls that it makes; `tools` are the names of the functions that the request offers."""
        ...


class FunctionName(Struct, frozen=True):
    """The part of a function's description that matters here."""

    name: str


class Tool(Struct, frozen=True):
    """A tool as requests of the chat and Assistants APIs offer it."""

    type: str
    function: FunctionName | None = None


def calls_of(model: TextModel, messages: Sequence[TextMessage], tools: Sequence[Tool]) -> list[ToolCall]:
    """Return the calls that the model makes of the functions among these tools, none where it is no tool user."""
    names = [tool.function.name for tool in tools if tool.function is not None]
    return model.calls(messages, names) if names and isinstance(model, ToolUser) else []
