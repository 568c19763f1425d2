"""What a client may send to the Assistants API; what is not named here is taken and does nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

Metadata = Annotated[dict[str, str], Meta(max_length=16)]
Tokens = Annotated[int, Meta(ge=1)]


class _Text(Struct, frozen=True):
    text: str
    type: Literal["text"] = "text"


class MessageRequest(Struct, frozen=True, kw_only=True):
    """A message to put into a thread."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Meta(min_length=1)] | Annotated[list[_Text], Meta(min_length=1)]
    metadata: Metadata | None = None

    @property
    def texts(self) -> list[str]:
        """What it says, part by part."""
        return [self.content] if isinstance(self.content, str) else [part.text for part in self.content]


class ThreadRequest(Struct, frozen=True, kw_only=True):
    """A thread to begin."""

    messages: list[MessageRequest] = field(default_factory=list)
    metadata: Metadata | None = None


class AssistantRequest(Struct, frozen=True, kw_only=True):
    """An assistant to make."""

    model: Annotated[str, Meta(min_length=1)]
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)
    metadata: Metadata | None = None
    temperature: float | None = None
    top_p: float | None = None
    response_format: str | dict[str, Any] = "auto"


class RunRequest(Struct, frozen=True, kw_only=True):
    """A run to begin in a thread; what is None is the assistant's."""

    assistant_id: str
    model: str | None = None
    instructions: str | None = None
    additional_instructions: str | None = None
    additional_messages: list[MessageRequest] | None = None
    tools: list[dict[str, Any]] | None = None
    metadata: Metadata | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_prompt_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    truncation_strategy: dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool = True
    response_format: str | dict[str, Any] | None = None
    stream: bool | None = None


class ThreadRunRequest(RunRequest, frozen=True, kw_only=True):
    """A thread to begin, with a run in it."""

    thread: ThreadRequest = ThreadRequest()


class _ToolOutput(Struct, frozen=True):
    tool_call_id: str
    output: str = ""


class ToolOutputsRequest(Struct, frozen=True):
    """What the functions gave that a run wanted called."""

    tool_outputs: list[_ToolOutput]
    stream: bool | None = None
