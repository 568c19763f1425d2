"""What a realtime server says: past tense, tagged by the Realtime GA names.

Source: the server events of the Realtime API reference. Compatible servers leave fields out, so every field has a
default, and only what this program reads is named here: a field that nobody reads cannot make an event unreadable.
Times are milliseconds of the session's sound, from its first sample; None is not told.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

from sentra_tui.protocol.objects import ErrorDetails, Item, Response, SessionInfo


class Unknown(Struct, frozen=True):
    """A frame that is no event known here, or cannot be read; `raw` is its beginning."""

    type: str
    raw: str


class _ServerEvent(Struct, frozen=True):
    """The base of all server events. Their own ids are not read."""


class ServerError(_ServerEvent, frozen=True, tag="error"):
    """Something went wrong; most errors leave the session as it was."""

    error: ErrorDetails = ErrorDetails()


class SessionCreated(_ServerEvent, frozen=True, tag="session.created"):
    """The session stands; always the first event."""

    session: SessionInfo = SessionInfo()


class SessionUpdated(_ServerEvent, frozen=True, tag="session.updated"):
    """The settings that were asked for hold now."""

    session: SessionInfo = SessionInfo()


class ConversationItemAdded(_ServerEvent, frozen=True, tag="conversation.item.added"):
    """An item entered the conversation behind `previous_item_id`; its content may follow."""

    item: Item = Item()
    previous_item_id: str = ""


class ConversationItemDone(_ServerEvent, frozen=True, tag="conversation.item.done"):
    """An item has all its content."""

    item: Item = Item()
    previous_item_id: str = ""


class ConversationItemRetrieved(_ServerEvent, frozen=True, tag="conversation.item.retrieved"):
    """An item as the server has it."""

    item: Item = Item()


class ConversationItemTruncated(_ServerEvent, frozen=True, tag="conversation.item.truncated"):
    """A spoken answer was cut to what the user heard."""

    item_id: str = ""
    content_index: int = 0
    audio_end_ms: float | None = None


class ConversationItemDeleted(_ServerEvent, frozen=True, tag="conversation.item.deleted"):
    """An item left the conversation."""

    item_id: str = ""


class InputAudioTranscriptionDelta(_ServerEvent, frozen=True, tag="conversation.item.input_audio_transcription.delta"):
    """More interim words of a turn."""

    item_id: str = ""
    content_index: int = 0
    delta: str = ""


class InputAudioTranscriptionUpdated(
    _ServerEvent, frozen=True, tag="conversation.item.input_audio_transcription.updated"
):
    """The interim words of a turn, all of them; xAI tells them so, in place of more words."""

    item_id: str = ""
    content_index: int = 0
    transcript: str = ""


class InputAudioTranscriptionCompleted(
    _ServerEvent, frozen=True, tag="conversation.item.input_audio_transcription.completed"
):
    """The final words of a turn: they replace the interim ones."""

    item_id: str = ""
    content_index: int = 0
    transcript: str = ""
    usage: Any = None
    """What the transcription cost, as the server counts it: `sentra_tui.protocol.usage` reads it."""


class InputAudioTranscriptionFailed(
    _ServerEvent, frozen=True, tag="conversation.item.input_audio_transcription.failed"
):
    """A turn stays without words."""

    item_id: str = ""
    content_index: int = 0
    error: ErrorDetails = ErrorDetails()


class InputAudioBufferCommitted(_ServerEvent, frozen=True, tag="input_audio_buffer.committed"):
    """A turn ended and became the item `item_id`, behind `previous_item_id`."""

    item_id: str = ""
    previous_item_id: str = ""


class InputAudioBufferCleared(_ServerEvent, frozen=True, tag="input_audio_buffer.cleared"):
    """What was heard since the last turn is forgotten."""


class InputAudioBufferSpeechStarted(_ServerEvent, frozen=True, tag="input_audio_buffer.speech_started"):
    """Somebody speaks; the turn will be the item `item_id`."""

    item_id: str = ""
    audio_start_ms: float | None = None


class InputAudioBufferSpeechStopped(_ServerEvent, frozen=True, tag="input_audio_buffer.speech_stopped"):
    """The speech is over."""

    item_id: str = ""
    audio_end_ms: float | None = None


class OutputAudioBufferStarted(_ServerEvent, frozen=True, tag="output_audio_buffer.started"):
    """The answer begins to sound (WebRTC)."""

    response_id: str = ""


class OutputAudioBufferStopped(_ServerEvent, frozen=True, tag="output_audio_buffer.stopped"):
    """The answer has sounded to its end (WebRTC)."""

    response_id: str = ""


class OutputAudioBufferCleared(_ServerEvent, frozen=True, tag="output_audio_buffer.cleared"):
    """The rest of the answer will not sound (WebRTC)."""

    response_id: str = ""


class ResponseCreated(_ServerEvent, frozen=True, tag="response.created"):
    """The model begins to answer."""

    response: Response = Response()


class ResponseDone(_ServerEvent, frozen=True, tag="response.done"):
    """The answer is over: completed, cancelled, failed or incomplete."""

    response: Response = Response()


class ResponseOutputItemAdded(_ServerEvent, frozen=True, tag="response.output_item.added"):
    """The answer has one more item."""

    response_id: str = ""
    output_index: int = 0
    item: Item = Item()


class ResponseOutputItemDone(_ServerEvent, frozen=True, tag="response.output_item.done"):
    """An item of the answer is complete."""

    response_id: str = ""
    output_index: int = 0
    item: Item = Item()


class _PartEvent(_ServerEvent, frozen=True):
    """The base of what is said of one part of an answer."""

    response_id: str = ""
    item_id: str = ""
    output_index: int = 0
    content_index: int = 0


class ResponseOutputTextDelta(_PartEvent, frozen=True, tag="response.output_text.delta"):
    """More written words of an answer."""

    delta: str = ""


class ResponseOutputTextDone(_PartEvent, frozen=True, tag="response.output_text.done"):
    """All written words of one part of an answer."""

    text: str = ""


class ResponseOutputAudioTranscriptDelta(_PartEvent, frozen=True, tag="response.output_audio_transcript.delta"):
    """More words of a spoken answer, ahead of their sound."""

    delta: str = ""


class ResponseOutputAudioTranscriptDone(_PartEvent, frozen=True, tag="response.output_audio_transcript.done"):
    """All words of one part of a spoken answer."""

    transcript: str = ""


class ResponseOutputAudioDelta(_PartEvent, frozen=True, tag="response.output_audio.delta"):
    """More sound of an answer, base64; not on WebRTC."""

    delta: str = ""


class ResponseOutputAudioDone(_PartEvent, frozen=True, tag="response.output_audio.done"):
    """All sound of one part of an answer was sent."""


KnownServerEvent: TypeAlias = (
    ServerError
    | SessionCreated
    | SessionUpdated
    | ConversationItemAdded
    | ConversationItemDone
    | ConversationItemRetrieved
    | ConversationItemTruncated
    | ConversationItemDeleted
    | InputAudioTranscriptionDelta
    | InputAudioTranscriptionUpdated
    | InputAudioTranscriptionCompleted
    | InputAudioTranscriptionFailed
    | InputAudioBufferCommitted
    | InputAudioBufferCleared
    | InputAudioBufferSpeechStarted
    | InputAudioBufferSpeechStopped
    | OutputAudioBufferStarted
    | OutputAudioBufferStopped
    | OutputAudioBufferCleared
    | ResponseCreated
    | ResponseDone
    | ResponseOutputItemAdded
    | ResponseOutputItemDone
    | ResponseOutputTextDelta
    | ResponseOutputTextDone
    | ResponseOutputAudioTranscriptDelta
    | ResponseOutputAudioTranscriptDone
    | ResponseOutputAudioDelta
    | ResponseOutputAudioDone
)

ServerEvent: TypeAlias = KnownServerEvent | Unknown
