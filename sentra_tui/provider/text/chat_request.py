"""What a client may send to `POST /v1/chat/completions`; what is not named here is taken and does nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from sentra_tui.provider.models.text_model import TextMessage


class _Part(Struct, frozen=True):
    type: str
    text: str = ""


class _Message(Struct, frozen=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content or ())


class StreamOptions(Struct, frozen=True):
    """`stream_options`."""

    include_usage: bool = False


class ChatRequest(Struct, frozen=True, kw_only=True):
    """One request."""

    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[_Message], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)

    @property
    def conversation(self) -> list[TextMessage]:
        """What was said; what tools answered is left out."""
        return [TextMessage(message.role, message.text) for message in self.messages if message.role != "tool"]

    @property
    def offered(self) -> list[dict[str, Any]]:
        """The tools that the model may still call: none once it was told what they gave."""
        return [] if self.messages[-1].role == "tool" else self.tools

    @property
    def limit(self) -> int | None:
        """The longest answer in tokens, under its new name or its old one."""
        return self.max_completion_tokens or self.max_tokens
