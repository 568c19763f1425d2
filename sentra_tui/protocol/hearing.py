"""What the server tells of people's words, as lines and as what they cost."""

from __future__ import annotations

from functools import singledispatchmethod

from sentra_tui.domain.changes import Change
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.effects import Effect, MeterUsage
from sentra_tui.protocol.turns import Turns
from sentra_tui.protocol.usage import transcription_usage


class Hearing:
    """The lines of one call of `stream`; `number` tells its calls apart, and `started_ms` is its first sound.

    `stood_ms` is when a call stood that waited until then.
    """

    def __init__(self, stream: str, number: int, started_ms: int, stood_ms: int | None = None) -> None:
        self._turns = Turns(stream, number, started_ms, stood_ms)

    def receive(self, event: s.ServerEvent, now_ms: int) -> list[Change | Effect]:
        """Take what the server said; what is not about people's words is passed over."""
        return self._on(event, now_ms)

    def knows(self, item_id: str) -> bool:
        """Return whether this item has a line."""
        return self._turns.knows(item_id)

    def typed(self, item_id: str, text: str, now_ms: int) -> list[Change]:
        """The user wrote this instead of saying it."""
        return self._turns.typed(item_id, text, now_ms)

    def close(self, cause: str, now_ms: int) -> list[Change]:
        """No more words will come: settle every line with those that did."""
        return self._turns.close(cause, now_ms)

    @singledispatchmethod
    def _on(self, event: s.ServerEvent, now_ms: int) -> list[Change | Effect]:
        return []

    @_on.register
    def _speech_started(self, event: s.InputAudioBufferSpeechStarted, now_ms: int) -> list[Change | Effect]:
        return [*self._turns.speech_started(event.item_id, event.audio_start_ms, now_ms)]

    @_on.register
    def _speech_stopped(self, event: s.InputAudioBufferSpeechStopped, now_ms: int) -> list[Change | Effect]:
        return [*self._turns.speech_stopped(event.item_id, event.audio_end_ms, now_ms)]

    @_on.register
    def _committed(self, event: s.InputAudioBufferCommitted, now_ms: int) -> list[Change | Effect]:
        return [*self._turns.committed(event.item_id, event.previous_item_id, now_ms)]

    @_on.register(s.ConversationItemAdded)
    @_on.register(s.ConversationItemDone)
    def _item(self, event: s.ConversationItemAdded | s.ConversationItemDone, now_ms: int) -> list[Change | Effect]:
        item = event.item
        self._turns.linked(item.id, event.previous_item_id)
        spoken = item.role == "user" and any(part.type == "input_audio" for part in item.content)
        return [*self._turns.added(item.id, now_ms)] if spoken else []

    @_on.register
    def _delta(self, event: s.InputAudioTranscriptionDelta, now_ms: int) -> list[Change | Effect]:
        return [*self._turns.extended(event.item_id, event.delta, now_ms)]

    @_on.register
    def _updated(self, event: s.InputAudioTranscriptionUpdated, now_ms: int) -> list[Change | Effect]:
        return [*self._turns.revised(event.item_id, event.transcript, now_ms)]

    @_on.register
    def _completed(self, event: s.InputAudioTranscriptionCompleted, now_ms: int) -> list[Change | Effect]:
        usage = transcription_usage(event.usage)
        metered = [MeterUsage("", usage)] if usage is not None else []
        return [*self._turns.completed(event.item_id, event.transcript, now_ms), *metered]

    @_on.register
    def _failed(self, event: s.InputAudioTranscriptionFailed, now_ms: int) -> list[Change | Effect]:
        return [*self._turns.failed(event.item_id, event.error.message or event.error.name, now_ms)]
