"""One call's conversation: server events in, changes and effects out.

No clock and no wire: every method takes `now_ms`, milliseconds since the engine started, and returns what to tell and
what to do, in order. Text from the wire is cleaned here, and nowhere later.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatchmethod
from itertools import count

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.errors import ProtocolError
from sentra_tui.domain.state import Severity
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.answers import Answers, PartKey
from sentra_tui.protocol.client_events import (
    ClientEvent,
    ConversationItemCreate,
    InputText,
    MessageItem,
    OutputAudioBufferClear,
    SessionUpdate,
)
from sentra_tui.protocol.effects import Effect, FlushPlayback, SendEvent
from sentra_tui.protocol.response_queue import QueueState, ResponseQueue
from sentra_tui.protocol.server_errors import judge
from sentra_tui.protocol.session_config import output_modalities
from sentra_tui.protocol.turns import Turns

CALL_ENDED = "the call ended"

Outcome = list[Change | Effect]


class Session:
    """The conversation of one call of `stream`; `number` tells its calls apart, and `started_ms` is its first sound.

    `answers` says that an assistant answers in it, `voice` that it speaks. Ids are counted, so that the same events
    always lead to the same outcome.
    """

    def __init__(self, stream: str, number: int, started_ms: int, *, answers: bool, voice: bool = False) -> None:
        self._turns = Turns(stream, number, started_ms)
        self._answers = Answers(stream, number)
        self._event_numbers = count(1)
        self._item_numbers = count(1)
        self._unnamed_numbers = count(1)
        self._queue = ResponseQueue(self._next_event_id)
        self._answering = answers
        self._voice = voice
        self._sounding = False
        self._closed = False
        self._noticed = ""

    def receive(self, event: s.ServerEvent, now_ms: int) -> Outcome:
        """Take what the server said."""
        return [] if self._closed else self._on(event, now_ms)

    def say_text(self, text: str, now_ms: int) -> Outcome:
        """Say this to the assistant in writing, and have it answered.

        Raises ProtocolError where the call is over, or nobody answers in it.
        """
        if self._closed or not self._answering:
            raise ProtocolError("Nobody in this call takes text.")
        item_ids = (f"typed_{number}" for number in self._item_numbers)
        item_id = next(item_id for item_id in item_ids if not self._turns.knows(item_id))
        item = MessageItem("user", (InputText(_utf_8(text)),), id=item_id)
        create = ConversationItemCreate(item, event_id=self._next_event_id())
        typed = self._turns.typed(item_id, text, now_ms)
        return [*typed, *_send([create, *self._queue.request(now_ms)])]

    def cancel_answer(self, now_ms: int) -> Outcome:
        """Stop the answer that is written or sounds; nothing to do where there is none."""
        if self._closed:
            return []
        answer = self._answers.cancelled(self._queue.active_id, now_ms)
        sent = self._queue.cancel(now_ms)
        if self._sounding or (sent and self._voice):
            sent.append(OutputAudioBufferClear(event_id=self._next_event_id()))
        self._sounding = False
        flush: Outcome = [FlushPlayback()] if sent else []
        return [*_send(sent), *flush, *answer]

    def set_voice(self, on: bool, now_ms: int) -> Outcome:
        """Have the next answers spoken, or only written."""
        if self._closed or not self._answering or on == self._voice:
            return []
        self._voice = on
        session = {"type": "realtime", "output_modalities": output_modalities(voice=on)}
        return _send([SessionUpdate(session, event_id=self._next_event_id())])

    def tick(self, now_ms: int) -> Outcome:
        """Let time pass: a response that the server no longer speaks of must not block the next."""
        if self._closed or not self._queue.overdue(now_ms):
            return []
        outcome: Outcome = [*self._answers.close("the provider fell silent", now_ms)]
        if self._queue.state is QueueState.CREATE_REQUESTED:
            outcome.append(Noticed(Severity.WARNING, "The provider did not answer.", "Ask again."))
        return outcome + _send(self._queue.release(now_ms))

    def close(self, now_ms: int) -> list[Change]:
        """The call is gone: settle what is open with the words that came."""
        if self._closed:
            return []
        self._closed = True
        changes = [*self._turns.close(CALL_ENDED, now_ms), *self._answers.close(CALL_ENDED, now_ms)]
        if self._queue.asked:
            changes.append(Noticed(Severity.WARNING, "The call ended before your text was answered.", "Send it again."))
        return changes

    @singledispatchmethod
    def _on(self, event: s.ServerEvent, now_ms: int) -> Outcome:
        return []

    @_on.register
    def _error(self, event: s.ServerError, now_ms: int) -> Outcome:
        sent = self._queue.error(event.error.name, event.error.event_id, now_ms)
        outcome: Outcome = []
        for told in judge(event.error):
            outcome += self._notice(told) if isinstance(told, Noticed) else [told]
        return [*outcome, *_send(sent)]

    @_on.register
    def _speech_started(self, event: s.InputAudioBufferSpeechStarted, now_ms: int) -> Outcome:
        """Over WebRTC the server cuts its own answer short; what it sent already must not go on sounding."""
        flush: Outcome = [FlushPlayback()] if self._sounding else []
        self._sounding = False
        return [*flush, *self._turns.speech_started(event.item_id, event.audio_start_ms, now_ms)]

    @_on.register
    def _speech_stopped(self, event: s.InputAudioBufferSpeechStopped, now_ms: int) -> Outcome:
        return [*self._turns.speech_stopped(event.item_id, event.audio_end_ms, now_ms)]

    @_on.register
    def _committed(self, event: s.InputAudioBufferCommitted, now_ms: int) -> Outcome:
        return [*self._turns.committed(event.item_id, event.previous_item_id, now_ms)]

    @_on.register(s.ConversationItemAdded)
    @_on.register(s.ConversationItemDone)
    def _item(self, event: s.ConversationItemAdded | s.ConversationItemDone, now_ms: int) -> Outcome:
        item = event.item
        self._turns.linked(item.id, event.previous_item_id)
        spoken = item.role == "user" and any(part.type == "input_audio" for part in item.content)
        return [*self._turns.added(item.id, now_ms)] if spoken else []

    @_on.register
    def _delta(self, event: s.InputAudioTranscriptionDelta, now_ms: int) -> Outcome:
        return [*self._turns.extended(event.item_id, event.delta, now_ms)]

    @_on.register
    def _completed(self, event: s.InputAudioTranscriptionCompleted, now_ms: int) -> Outcome:
        return [*self._turns.completed(event.item_id, event.transcript, now_ms)]

    @_on.register
    def _failed(self, event: s.InputAudioTranscriptionFailed, now_ms: int) -> Outcome:
        return [*self._turns.failed(event.item_id, event.error.message or event.error.name, now_ms)]

    @_on.register
    def _sound_started(self, event: s.OutputAudioBufferStarted, now_ms: int) -> Outcome:
        self._sounding = self._answering
        return []

    @_on.register
    def _sound_stopped(self, event: s.OutputAudioBufferStopped, now_ms: int) -> Outcome:
        self._sounding = False
        return []

    @_on.register
    def _sound_cleared(self, event: s.OutputAudioBufferCleared, now_ms: int) -> Outcome:
        flush: Outcome = [FlushPlayback()] if self._sounding else []
        self._sounding = False
        return flush

    @_on.register
    def _response_created(self, event: s.ResponseCreated, now_ms: int) -> Outcome:
        response_id = event.response.id or f"unnamed_{next(self._unnamed_numbers)}"
        return self._begin(response_id, now_ms)

    @_on.register
    def _text_delta(self, event: s.ResponseOutputTextDelta, now_ms: int) -> Outcome:
        return self._extended(event.response_id, (event.item_id, event.content_index), event.delta, now_ms)

    @_on.register
    def _transcript_delta(self, event: s.ResponseOutputAudioTranscriptDelta, now_ms: int) -> Outcome:
        """Not every server says when its sound begins, but the words of it come first."""
        outcome = self._extended(event.response_id, (event.item_id, event.content_index), event.delta, now_ms)
        self._sounding = self._sounding or bool(outcome)
        return outcome

    @_on.register
    def _text_done(self, event: s.ResponseOutputTextDone, now_ms: int) -> Outcome:
        return self._part_done(event.response_id, (event.item_id, event.content_index), event.text, now_ms)

    @_on.register
    def _transcript_done(self, event: s.ResponseOutputAudioTranscriptDone, now_ms: int) -> Outcome:
        return self._part_done(event.response_id, (event.item_id, event.content_index), event.transcript, now_ms)

    @_on.register
    def _response_done(self, event: s.ResponseDone, now_ms: int) -> Outcome:
        response_id, begun = self._respond(event.response.id, now_ms)
        if not response_id:
            return begun
        ended = self._answers.done(response_id, event.response, now_ms)
        return [*begun, *ended, *_send(self._queue.done(response_id, now_ms))]

    def _extended(self, response_id: str, part: PartKey, delta: str, now_ms: int) -> Outcome:
        response_id, begun = self._respond(response_id, now_ms)
        return [*begun, *(self._answers.extended(response_id, part, delta, now_ms) if response_id else [])]

    def _part_done(self, response_id: str, part: PartKey, text: str, now_ms: int) -> Outcome:
        response_id, begun = self._respond(response_id, now_ms)
        return [*begun, *(self._answers.part_done(response_id, part, text, now_ms) if response_id else [])]

    def _respond(self, response_id: str, now_ms: int) -> tuple[str, Outcome]:
        """Return the response meant, and what began it where its beginning was not told; empty where none is meant."""
        self._queue.touch(now_ms)
        name = response_id or self._queue.active_id
        if not name or not self._answering:
            return "", []
        return name, self._begin(name, now_ms)

    def _begin(self, response_id: str, now_ms: int) -> Outcome:
        if not self._answering or self._answers.knows(response_id):
            return []
        stopped_before_it_began = self._queue.state is QueueState.CANCEL_REQUESTED and not self._queue.active_id
        self._queue.created(response_id, now_ms)
        if stopped_before_it_began:
            self._answers.discard(response_id)
            return []
        return [*self._answers.started(response_id, now_ms)]

    def _notice(self, notice: Noticed) -> list[Change]:
        """Return the notice, unless it was the last one too: a server may repeat itself without end."""
        if notice.text == self._noticed:
            return []
        self._noticed = notice.text
        return [notice]

    def _next_event_id(self) -> str:
        return f"event_{next(self._event_numbers)}"


def _send(events: Iterable[ClientEvent]) -> Outcome:
    return [SendEvent(event) for event in events]


def _utf_8(text: str) -> str:
    """Return `text` with lone surrogates, which no UTF-8 can hold, as question marks."""
    return text.encode(errors="replace").decode()
