"""HTTP mode's server: client events in, server events out, three kinds of request in place of a model that listens.

It has no clock and no wire. Time is the sound that was heard, 10 ms a step; results of requests come in by the id that
the request went out with, and those of requests that were dropped do no harm.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

import msgspec

from sentra_tui.domain.config import READ_ALOUD
from sentra_tui.domain.errors import CredentialRefused, SentraError, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.voice_ports import ChatMessage, TextEvent
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol.http_session.conversation import Conversation
from sentra_tui.protocol.http_session.draft import Draft
from sentra_tui.protocol.http_session.guesses import Guesses
from sentra_tui.protocol.http_session.hearing import Hearing
from sentra_tui.protocol.http_session.refused import Refused
from sentra_tui.protocol.http_session.replies import Replies
from sentra_tui.protocol.http_session.reply import ReplyPlan
from sentra_tui.protocol.http_session.requests import Names, Outcome
from sentra_tui.protocol.http_session.settings import SessionSettings
from sentra_tui.protocol.http_session.transcriptions import Job, Transcriptions
from sentra_tui.protocol.http_session.voicing import Track, Voicing

SESSION_ID = "sess_http"
VOICE_PARAM = "session.audio.output.voice"


class HttpSession:
    """One session. `config` is a GA session object; a turn is no longer than `longest_turn_ms`; without `speaks`
    answers stay written. Raises Refused where the config cannot be read.
    """

    def __init__(self, config: dict[str, Any], *, longest_turn_ms: int, speaks: bool = True) -> None:
        self.settings = SessionSettings(config)
        self._names = names = Names()
        self._conversation = Conversation(names)
        self._transcriptions = Transcriptions(names, self._written_down)
        self._guesses = Guesses(self._transcriptions, self._guess_draft)
        self._replies = Replies(names, self._conversation, self._guesses, self._voicing)
        self._hearing = Hearing(
            names,
            self._conversation,
            self._transcriptions,
            self._guesses,
            longest_turn_ms,
            on_speech=self._speech_began,
            on_turn=self._turn_ended,
            may_guess=self._may_guess,
        )
        self._mute = not speaks
        """Answers stay written, whatever the session says."""
        self._refused_voice = ""
        self._hearing.configure(self.settings)

    @property
    def longest_turn_ms(self) -> int:
        """The longest turn, which may change."""
        return self._hearing.finder.longest_ms

    @longest_turn_ms.setter
    def longest_turn_ms(self, longest_ms: int) -> None:
        self._hearing.finder.longest_ms = longest_ms

    @property
    def needed_from_ms(self) -> int:
        """Where the sound begins that may still be sent, in milliseconds of the call's sound."""
        return self._hearing.needed_from_ms

    def begin(self) -> Outcome:
        """Greet the client."""
        return [self._names.say("session.created", session=self.settings.describe(SESSION_ID))]

    def hear(self, speech: bool) -> Outcome:
        """Take the next 10 ms of the user's sound: whether they look like speech."""
        return self._hearing.hear(speech)

    def handle(self, message: Any) -> Outcome:
        """Take a client event, as JSON has it; what cannot be carried out is answered with an `error` event."""
        event_id = message.get("event_id") if isinstance(message, dict) else None
        named = event_id if isinstance(event_id, str) else ""
        try:
            event: c.ClientEvent = msgspec.convert(message, c.ClientEvent)
            if not self.settings.answers and not isinstance(event, _OF_ALL_SESSIONS):
                raise Refused("A transcription session has no conversation.", param="type")
            return self._on(event)
        except msgspec.ValidationError as error:
            return self._refuse(Refused(f"The event does not fit: {error}."), named)
        except Refused as refused:
            return self._refuse(refused, named)

    # What requests bring

    def wrote(self, request_id: str, event: TextEvent) -> Outcome:
        """Words of a transcription or an answer came."""
        if self._transcriptions.knows(request_id):
            return self._transcriptions.wrote(request_id, event)
        if self._guesses.draft is not None and self._guesses.draft.request_id == request_id:
            return self._guesses.wrote(event)
        return self._replies.wrote(request_id, event)

    def failed(self, request_id: str, failure: SentraError) -> Outcome:
        """A request came to nothing."""
        voicing = self._voicing_of(request_id)
        if voicing is not None:
            return self._not_spoken(voicing, request_id, failure)
        if self._guesses.draft is not None and self._guesses.draft.request_id == request_id:
            return self._guesses.draft.failed(failure)
        asked = self._transcriptions.knows(request_id) or self._replies.knows(request_id)
        told = self._transcriptions.failed(request_id, failure) or self._replies.failed(request_id, failure)
        return [*told, *self._end_of_call(failure)] if asked else []

    def sound_arrived(self, request_id: str, sound_ms: int) -> None:
        """So much sound of a sentence came until now."""
        voicing = self._voicing_of(request_id)
        if voicing is not None:
            voicing.arrived(request_id, sound_ms)

    def sound_ended(self, request_id: str) -> None:
        """All sound of a sentence came."""
        voicing = self._voicing_of(request_id)
        if voicing is not None:
            voicing.fetched(request_id)

    def sound_taken(self, request_id: str, duration_ms: int) -> Outcome:
        """Sound of a sentence is heard now."""
        voicing = self._voicing_of(request_id)
        return voicing.taken(request_id, duration_ms) if voicing is not None else []

    def sound_played(self, request_id: str) -> Outcome:
        """All of a sentence was heard."""
        voicing = self._voicing_of(request_id)
        return [*voicing.played(request_id), *self._replies.advance()] if voicing is not None else []

    def silence(self) -> Outcome:
        """Nothing more of the answers that are heard, or wait for that, is to be heard."""
        return self._replies.silence()

    # What the client says

    @singledispatchmethod
    def _on(self, event: c.ClientEvent) -> Outcome:
        raise Refused("Over HTTP this type of event is not known.", param="type")

    @_on.register
    def _update(self, event: c.SessionUpdate) -> Outcome:
        settings = self.settings.updated(event.session)
        silenced = self._replies.silence() if self.settings.spoken and not settings.spoken else []
        self.settings = settings
        self._hearing.configure(settings)
        updated = self._names.say("session.updated", session=settings.describe(SESSION_ID))
        return [*silenced, updated]

    @_on.register
    def _commit(self, event: c.InputAudioBufferCommit) -> Outcome:
        return self._hearing.commit()

    @_on.register
    def _clear(self, event: c.InputAudioBufferClear) -> Outcome:
        return self._hearing.clear()

    @_on.register
    def _clear_output(self, event: c.OutputAudioBufferClear) -> Outcome:
        return self.silence()

    @_on.register
    def _create_item(self, event: c.ConversationItemCreate) -> Outcome:
        return self._conversation.create(event.item, event.previous_item_id)

    @_on.register
    def _retrieve_item(self, event: c.ConversationItemRetrieve) -> Outcome:
        return self._conversation.retrieve(event.item_id)

    @_on.register
    def _delete_item(self, event: c.ConversationItemDelete) -> Outcome:
        return self._conversation.delete(event.item_id)

    @_on.register
    def _truncate_item(self, event: c.ConversationItemTruncate) -> Outcome:
        return self._conversation.truncate(event.item_id, event.audio_end_ms, self.settings.speed)

    @_on.register
    def _create_response(self, event: c.ResponseCreate) -> Outcome:
        params = event.response or c.ResponseParams()
        wanted = "audio" in params.output_modalities if params.output_modalities else self.settings.spoken
        spoken = wanted and not self._is_mute()
        given = None if params.input is None else tuple(_message(item) for item in params.input)
        aloud = given[0].text if params.instructions == READ_ALOUD and given is not None and len(given) == 1 else ""
        plan = ReplyPlan(
            spoken=spoken,
            max_tokens=params.max_output_tokens or self.settings.max_tokens(spoken=spoken),
            instructions=params.instructions or self.settings.instructions,
            in_conversation=params.conversation != "none",
            metadata=params.metadata,
            input=given,
            read_aloud=aloud,
        )
        waits_for = self._transcriptions.open_items() if given is None else set()
        return self._replies.create(plan, waits_for)

    @_on.register
    def _cancel_response(self, event: c.ResponseCancel) -> Outcome:
        return self._replies.cancel(event.response_id, "client_cancelled")

    # What follows

    def _speech_began(self) -> Outcome:
        detection = self.settings.detection
        interrupts = self.settings.answers and detection is not None and detection.interrupt_response
        return self._replies.interrupt() if interrupts else []

    def _turn_ended(self, item_id: str, whole: bool) -> Outcome:
        detection = self.settings.detection
        if not self.settings.answers or detection is None or not detection.create_response:
            return []
        waits_for = self._transcriptions.open_items()
        if item_id not in waits_for and not self._conversation.text(item_id).strip():
            return []  # nobody said anything
        spoken = self.settings.spoken and not self._is_mute()
        plan = ReplyPlan(
            spoken=spoken,
            max_tokens=self.settings.max_tokens(spoken=spoken),
            instructions=self.settings.instructions,
            turn_id=item_id if whole else "",
        )
        try:
            return self._replies.create(plan, waits_for)
        except Refused as refused:
            return self._refuse(refused)

    def _may_guess(self) -> bool:
        detection = self.settings.detection
        answered = self.settings.answers and detection is not None and detection.create_response
        return answered and not self._replies.active_id and not self._transcriptions.open_items()

    def _written_down(self, job: Job) -> Outcome:
        if not job.item_id:
            return self._guesses.settled(job, self._hearing.finder, wanted=self._may_guess())
        if job.ended is not None:
            self._conversation.write(job.item_id, job.ended.text)
        return self._replies.words_known(job.item_id)

    def _guess_draft(self, words: str, ahead: Track | None) -> Draft:
        spoken = self.settings.spoken and not self._is_mute()
        said = self._conversation.messages(self.settings.instructions)
        voicing = self._voicing(ahead) if spoken else None
        messages = (*said, ChatMessage("user", words))
        return Draft(self._names, messages, self.settings.max_tokens(spoken=spoken), voicing, words)

    def _voicing(self, ahead: Track | None) -> Voicing:
        return Voicing(self._names, self.settings.voice, self.settings.speed, ahead)

    def _is_mute(self) -> bool:
        return self._mute or (bool(self._refused_voice) and self._refused_voice == self.settings.voice)

    def _voicing_of(self, request_id: str) -> Voicing | None:
        return next((voicing for voicing in self._replies.voicings() if voicing.knows(request_id)), None)

    def _not_spoken(self, voicing: Voicing, request_id: str, failure: SentraError) -> Outcome:
        """Ask again, or leave it at the written words; said once for each cause."""
        again = voicing.retry(request_id, failure)
        if again:
            return again
        ended = [*voicing.give_up(), *self._replies.advance()]
        if self._is_mute():
            return ended
        if isinstance(failure, TransportRefused) and "voice" in failure.param:
            self._refused_voice = self.settings.voice
            return [*ended, *self._refuse(Refused(failure.message, param=VOICE_PARAM))]
        self._mute = not isinstance(failure, TransportLost)
        return [*ended, *self._refuse(Refused(f"Answers stay written. {failure}", code="speech_unavailable"))]

    def _end_of_call(self, failure: SentraError) -> Outcome:
        """Say so where no request of this call can ever do: the client hangs up then."""
        if isinstance(failure, CredentialRefused):
            return self._refuse(Refused(str(failure), code="invalid_api_key"))
        if isinstance(failure, TransportError) and failure.reason is Reason.MODEL_REFUSED:
            return self._refuse(Refused(str(failure), code="model_not_found", param="model"))
        return []

    def _refuse(self, refused: Refused, event_id: str = "") -> Outcome:
        return [self._names.say("error", error=refused.details(event_id))]


_OF_ALL_SESSIONS = (c.SessionUpdate, c.InputAudioBufferCommit, c.InputAudioBufferClear)


def _message(item: c.MessageItem) -> ChatMessage:
    return ChatMessage(item.role, " ".join(part.text for part in item.content))
