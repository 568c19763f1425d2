"""What a client asks of the Responses API (https://platform.openai.com/docs/api-reference/responses/create)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.text.message_items import InputItem

MIN_OUTPUT_TOKENS = 16

_Table = dict[str, Any]


class _ConversationRef(Struct, frozen=True, forbid_unknown_fields=True):
    id: str


class ResponseRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/responses`.

    Its first part does something here; the second is told again in the response, as OpenAI does; the rest is
    accepted and means nothing to this provider.
    """

    model: str
    input: str | list[InputItem] = field(default_factory=list)
    instructions: str | None = None
    background: bool | None = False
    store: bool | None = True
    stream: bool | None = False
    conversation: str | _ConversationRef | None = None
    previous_response_id: str | None = None
    max_output_tokens: Annotated[int, Meta(ge=MIN_OUTPUT_TOKENS)] | None = None

    metadata: dict[str, str] | None = None
    max_tool_calls: int | None = None
    parallel_tool_calls: bool | None = True
    prompt_cache_key: str | None = None
    reasoning: _Table | None = None
    safety_identifier: str | None = None
    temperature: float | None = 1.0
    text: _Table | None = None
    tool_choice: str | _Table = "auto"
    tools: list[_Table] = field(default_factory=list)
    top_logprobs: int | None = 0
    top_p: float | None = 1.0
    truncation: Literal["auto", "disabled"] | None = "disabled"
    user: str | None = None

    access_programs: _Table | None = None
    context_management: list[_Table] | None = None
    image: _Table | None = None
    include: list[str] | None = None
    moderation: _Table | None = None
    prompt: _Table | None = None
    prompt_cache_options: _Table | None = None
    prompt_cache_retention: str | None = None
    service_tier: str | None = None
    stream_options: _Table | None = None

    @property
    def conversation_id(self) -> str:
        """The conversation that it belongs to, empty for none."""
        if isinstance(self.conversation, _ConversationRef):
            return self.conversation.id
        return self.conversation or ""

    @property
    def stored(self) -> bool:
        """Whether the response is kept."""
        return self.store is not False

    def require_one_history(self) -> None:
        """Raise ApiError (400) where both a conversation and a response before this one are named."""
        if self.conversation_id and self.previous_response_id:
            raise ApiError(
                400,
                "Mutually exclusive parameters: name 'previous_response_id' or 'conversation', not both.",
                code="mutually_exclusive_parameters",
            )

    def echo(self) -> dict[str, Any]:
        """Return what the response tells again of its request."""
        return {
            "instructions": self.instructions,
            "max_output_tokens": self.max_output_tokens,
            "max_tool_calls": self.max_tool_calls,
            "metadata": self.metadata or {},
            "model": self.model,
            "parallel_tool_calls": self.parallel_tool_calls is not False,
            "previous_response_id": self.previous_response_id,
            "prompt_cache_key": self.prompt_cache_key,
            "reasoning": {"effort": None, "summary": None} | (self.reasoning or {}),
            "safety_identifier": self.safety_identifier,
            "service_tier": "default",
            "store": self.stored,
            "temperature": self.temperature,
            "text": {"format": {"type": "text"}, "verbosity": "medium"} | (self.text or {}),
            "tool_choice": self.tool_choice,
            "tools": self.tools,
            "top_logprobs": self.top_logprobs,
            "top_p": self.top_p,
            "truncation": self.truncation,
            "user": self.user,
        }
