"""What we say to a realtime server: imperative events, tagged by their Realtime GA names.

Source: the client events of the Realtime API reference. A field that is left at its default is not sent.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import Struct

Role = Literal["user", "system", "assistant"]
Modality = Literal["text", "audio"]


class InputText(Struct, frozen=True, tag="input_text"):
    """Written words of the user or the system."""

    text: str


class OutputText(Struct, frozen=True, tag="output_text"):
    """Written words of the assistant."""

    text: str


class MessageItem(Struct, frozen=True, omit_defaults=True, tag="message"):
    """One message of a conversation. The user and the system speak `InputText`, the assistant `OutputText`."""

    role: Role
    content: tuple[InputText | OutputText, ...]
    id: str = ""
    """Our own name for it, at most 32 characters; without one the server chooses."""


class ResponseParams(Struct, frozen=True, omit_defaults=True):
    """How one response differs from what the session says."""

    instructions: str = ""
    output_modalities: tuple[Modality, ...] = ()
    max_output_tokens: int | None = None
    conversation: Literal["", "auto", "none"] = ""
    """`none` answers outside of the conversation."""
    metadata: dict[str, str] | None = None
    input: tuple[MessageItem, ...] | None = None
    """What is answered in place of the conversation."""


class _ClientEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of all client events; an error of the server names the `event_id` of what caused it."""

    event_id: str = ""


class SessionUpdate(_ClientEvent, frozen=True, tag="session.update"):
    """Change these settings, and no others, of the session; `session` must carry its `type`."""

    session: dict[str, Any]


class InputAudioBufferAppend(_ClientEvent, frozen=True, tag="input_audio_buffer.append"):
    """Hear this: base64 of the session's input format. Not for WebRTC, where sound has its own track."""

    audio: str


class InputAudioBufferCommit(_ClientEvent, frozen=True, tag="input_audio_buffer.commit"):
    """The user's turn ends here."""


class InputAudioBufferClear(_ClientEvent, frozen=True, tag="input_audio_buffer.clear"):
    """Forget what was heard since the last turn."""


class OutputAudioBufferClear(_ClientEvent, frozen=True, tag="output_audio_buffer.clear"):
    """Stop sounding; only on WebRTC, and after `ResponseCancel`."""


class ConversationItemCreate(_ClientEvent, frozen=True, tag="conversation.item.create"):
    """Put this into the conversation: last, or behind `previous_item_id` (`root` is the front)."""

    item: MessageItem
    previous_item_id: str = ""


class ConversationItemRetrieve(_ClientEvent, frozen=True, tag="conversation.item.retrieve"):
    """Show this item as you have it."""

    item_id: str


class ConversationItemTruncate(_ClientEvent, frozen=True, tag="conversation.item.truncate"):
    """The user heard only this much of a spoken answer."""

    item_id: str
    content_index: int
    audio_end_ms: int


class ConversationItemDelete(_ClientEvent, frozen=True, tag="conversation.item.delete"):
    """Take this out of the conversation."""

    item_id: str


class ResponseCreate(_ClientEvent, frozen=True, tag="response.create"):
    """Answer now."""

    response: ResponseParams | None = None


class ResponseCancel(_ClientEvent, frozen=True, tag="response.cancel"):
    """Stop answering: this response, or whichever is under way."""

    response_id: str = ""


ClientEvent: TypeAlias = (
    SessionUpdate
    | InputAudioBufferAppend
    | InputAudioBufferCommit
    | InputAudioBufferClear
    | OutputAudioBufferClear
    | ConversationItemCreate
    | ConversationItemRetrieve
    | ConversationItemTruncate
    | ConversationItemDelete
    | ResponseCreate
    | ResponseCancel
)
