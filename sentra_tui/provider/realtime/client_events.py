"""What a client may say: the events of the Realtime API, typed.

https://platform.openai.com/docs/api-reference/realtime-client-events
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from sentra_tui.provider.api_error import ApiError


class _ClientEvent(Struct, frozen=True, kw_only=True):
    event_id: str | None = None


class SessionUpdate(_ClientEvent, frozen=True, kw_only=True, tag="session.update"):
    """Change the session's settings."""

    session: dict[str, Any]


class InputAudioAppend(_ClientEvent, frozen=True, kw_only=True, tag="input_audio_buffer.append"):
    """Send sound, where it does not come by a track of its own: mono s16le, base64 on the wire."""

    audio: bytes


class InputAudioCommit(_ClientEvent, frozen=True, kw_only=True, tag="input_audio_buffer.commit"):
    """End the turn by hand."""


class InputAudioClear(_ClientEvent, frozen=True, kw_only=True, tag="input_audio_buffer.clear"):
    """Forget what was said since the last turn."""


class OutputAudioClear(_ClientEvent, frozen=True, kw_only=True, tag="output_audio_buffer.clear"):
    """Stop speaking."""


class Content(Struct, frozen=True, kw_only=True):
    """One part of an item's content."""

    type: str
    text: str | None = None
    transcript: str | None = None


class Item(Struct, frozen=True, kw_only=True):
    """An item to put into a conversation, or a reference to one that is there."""

    type: Literal["message", "function_call", "function_call_output", "item_reference"]
    id: str | None = None
    role: Literal["user", "assistant", "system"] = "user"
    content: list[Content] = field(default_factory=list)
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | None = None

    @property
    def text(self) -> str:
        """What the item says."""
        return " ".join(filter(None, (part.text or part.transcript for part in self.content)))


class ItemCreate(_ClientEvent, frozen=True, kw_only=True, tag="conversation.item.create"):
    """Put an item into the conversation."""

    item: Item
    previous_item_id: str | None = None


class ItemRetrieve(_ClientEvent, frozen=True, kw_only=True, tag="conversation.item.retrieve"):
    """Ask for an item."""

    item_id: str


class ItemDelete(_ClientEvent, frozen=True, kw_only=True, tag="conversation.item.delete"):
    """Take an item out of the conversation."""

    item_id: str


class ItemTruncate(_ClientEvent, frozen=True, kw_only=True, tag="conversation.item.truncate"):
    """Forget what was not heard of a spoken answer."""

    item_id: str
    content_index: int
    audio_end_ms: Annotated[int, Meta(ge=0)]


class ResponseOptions(Struct, frozen=True, kw_only=True):
    """What is different about one response."""

    conversation: Literal["auto", "none"] = "auto"
    input: list[Item] | None = None
    instructions: str | None = None
    output_modalities: Annotated[list[Literal["text", "audio"]], Meta(min_length=1, max_length=1)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1, le=4096)] | Literal["inf"] | None = None
    metadata: Annotated[dict[str, str], Meta(max_length=16)] | None = None


class ResponseCreate(_ClientEvent, frozen=True, kw_only=True, tag="response.create"):
    """Ask for an answer."""

    response: ResponseOptions | None = None


class ResponseCancel(_ClientEvent, frozen=True, kw_only=True, tag="response.cancel"):
    """Stop an answer."""

    response_id: str | None = None


ClientEvent = (
    SessionUpdate
    | InputAudioAppend
    | InputAudioCommit
    | InputAudioClear
    | OutputAudioClear
    | ItemCreate
    | ItemRetrieve
    | ItemDelete
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
)

_SUPPORTED = sorted(event.__struct_config__.tag for event in ClientEvent.__args__)


def parse(text: str) -> ClientEvent:
    """Return the event in a message; raises ApiError, with the client's event id in `event_id` where there is one."""
    try:
        raw = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise RefusedEvent(400, "The message is not valid JSON.", code="invalid_json") from error
    if not isinstance(raw, dict):
        raise RefusedEvent(400, "A message must be a JSON object.", code="invalid_event")
    event_id = raw.get("event_id") if isinstance(raw.get("event_id"), str) else None
    kind = raw.get("type")
    if kind not in _SUPPORTED:
        raise RefusedEvent(
            400,
            f"This type of event is not known. Supported values are: {', '.join(_SUPPORTED)}.",
            code="invalid_value" if kind else "missing_required_parameter",
            param="type",
            event_id=event_id,
        )
    try:
        return msgspec.convert(raw, ClientEvent)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise RefusedEvent(400, f"The event does not fit: {error}.", code="invalid_value", event_id=event_id) from error


class RefusedEvent(ApiError):
    """A client event that is refused, with its id."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        event_id: str | None = None,
    ) -> None:
        super().__init__(status, message, code=code, param=param)
        self.event_id = event_id
