"""Models that call tools: a text model may be one besides. The provider's own are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from sentra_tui.provider.models.text_model import TextMessage, TextModel


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


def calls_of(model: TextModel, messages: Sequence[TextMessage], tools: Sequence[dict[str, Any]]) -> list[ToolCall]:
    """Return the calls that the model makes of the functions among these tools, none where it is no tool user."""
    functions = [tool["function"] for tool in tools if isinstance(tool.get("function"), dict)]
    names = [str(function.get("name", "")) for function in functions]
    return model.calls(messages, names) if names and isinstance(model, ToolUser) else []
