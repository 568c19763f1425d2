"""One call's conversation: server events in, changes and effects out.

No clock and no wire: every method takes `now_ms`, milliseconds since the engine started, and returns what to tell and
what to do, in order. Text from the wire is cleaned here, and nowhere later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatchmethod
from itertools import count
from typing import Any

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.errors import ProtocolError
from sentra_tui.domain.question import question_id_of
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.answers import PartKey
from sentra_tui.protocol.client_events import (
    ConversationItemCreate,
    InputAudioBufferCommit,
    InputText,
    MessageItem,
    OutputAudioBufferClear,
)
from sentra_tui.protocol.context import ContextEntry, ContextFeed
from sentra_tui.protocol.effects import FlushPlayback, MeterUsage
from sentra_tui.protocol.hearing import Hearing
from sentra_tui.protocol.responses import Outcome, Responses, send
from sentra_tui.protocol.server_errors import judge
from sentra_tui.protocol.session_limit import SessionLimit
from sentra_tui.protocol.sounding import Sounding
from sentra_tui.protocol.updates import Updates
from sentra_tui.protocol.usage import response_usage

CALL_ENDED = "the call ended"
GREETING_MS = 2_000
"""How long the server may take to say that the session stands, before it is told things all the same."""


class Session:
    """The conversation of one call of `stream`; `number` tells its calls apart, and `started_ms` is its first sound.

    `answers` says that an assistant answers in it, `answers_turns` that the server begins that by itself after each
    turn, `voice` that it speaks; `mark` is the random delimiter of what it is told of the talk, `context_lines` how
    much of that it holds. `heard_ms` tells how much of the present answer was heard; `server_interrupts` that speech
    which the server hears stops it, where else only `cancel_answer` does. `stood_ms` is when a call stood that
    waited until `started_ms`. `expires_at` is when the server ends it, where that was told before; `wall_s` gives the
    time that this is compared with, both in seconds since 1970. Ids are counted, so that the same events always lead to
    the same outcome.
    """

    def __init__(
        self,
        stream: str,
        number: int,
        started_ms: int,
        *,
        answers: bool,
        answers_turns: bool = True,
        voice: bool = False,
        mark: str = "",
        context_lines: int = 0,
        heard_ms: Callable[[], int] = lambda: 0,
        server_truncates: bool = True,
        server_interrupts: bool = True,
        stood_ms: int | None = None,
        expires_at: float | None = None,
        wall_s: Callable[[], float] | None = None,
    ) -> None:
        self._stream = stream
        self._number = number
        self._started_ms = started_ms
        self._event_numbers = count(1)
        self._item_numbers = count(1)
        self._hearing = Hearing(stream, number, started_ms, stood_ms)
        self._responses = Responses(stream, number, self._next_event_id, answers_turns=answers_turns)
        self._context = ContextFeed(mark, context_lines, self._next_event_id)
        self._sounding = Sounding(heard_ms, self._next_event_id, server_truncates=server_truncates)
        self._updates = Updates(self._next_event_id, lambda: self._responses.busy)
        self._waiting: Outcome | None = []
        self._answering = answers
        self._server_interrupts = server_interrupts
        self._server_truncates = server_truncates
        self._voice = voice
        self._expires_at = expires_at
        self._limit = SessionLimit(stream, wall_s)
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
        item_id = next(item_id for item_id in item_ids if not self._hearing.knows(item_id))
        # No UTF-8 can hold a lone surrogate.
        sayable = text.encode(errors="replace").decode()
        item = MessageItem("user", (InputText(sayable),), id=item_id)
        create = ConversationItemCreate(item, event_id=self._next_event_id())
        typed = self._hearing.typed(item_id, text, now_ms)
        question_id = question_id_of(self._stream, LineKey(self._number, item_id))
        asked = self._responses.request(now_ms, question_id)
        return [*typed, *self._when_greeted([*send([create]), *asked])]

    def tell(self, entry: ContextEntry) -> Outcome:
        """Tell the assistant what it cannot hear; once, and where there is one."""
        if self._closed or not self._answering:
            return []
        return self._when_greeted(send(self._context.tell(entry)))

    def replay(self, entries: Sequence[ContextEntry], budget_tokens: int) -> Outcome:
        """Tell the assistant of a new session what was said before it."""
        if self._closed or not self._answering:
            return []
        return self._when_greeted(send(self._context.replay(entries, budget_tokens)))

    def answer(self, question_id: str, now_ms: int) -> Outcome:
        """Have this question answered: now, or once the session is free; empty is whatever was said last."""
        if self._closed or not self._answering:
            return []
        asked = question_id or self._responses.newest_turn
        return self._when_greeted(self._responses.request(now_ms, asked, self._context.up_to(asked)))

    def cancel_answer(self, now_ms: int, question_id: str = "") -> Outcome:
        """Stop the answer that is written or sounds; or that to `question_id` alone, even before it began."""
        if self._closed:
            return []
        if question_id and question_id != self._responses.active_question:
            self._responses.discard(question_id)
            return []
        sent, told = self._responses.cancel(now_ms)
        clear = self._sounding.on or (sent and self._voice)
        cut, truncation = self._sounding.cut(now_ms)
        if not cut and sent:
            cut = [FlushPlayback()]
        if clear and self._server_truncates:
            sent.append(OutputAudioBufferClear(event_id=self._next_event_id()))
        return [*cut, *send([*sent, *truncation]), *told]

    def update(self, changed: dict[str, Any], *, voice: bool, speed: float = 1.0) -> Outcome:
        """Change these settings of the session, and no others: a server refuses all of them for one.

        `voice` and `speed` say how answers are spoken from now on.
        """
        if self._closed:
            return []
        self._voice = voice
        self._sounding.speed = speed
        return send(self._updates.change(changed))

    def say_again(self, text: str, now_ms: int) -> Outcome:
        """Have these words spoken, as they are."""
        if self._closed or not self._answering or not self._voice:
            return []
        return self._responses.read_aloud(text, now_ms)

    def commit(self) -> Outcome:
        """End the turn that was heard, in a session whose server finds no turns by itself."""
        if self._closed:
            return []
        return self._when_greeted(send([InputAudioBufferCommit(event_id=self._next_event_id())]))

    def tick(self, now_ms: int) -> Outcome:
        """Let time pass."""
        if self._closed:
            return []
        greeted = self._greeted() if now_ms - self._started_ms >= GREETING_MS else []
        limited = self._limit.told(self._expires_at, now_ms)
        return [*limited, *greeted, *self._updates.before(self._responses.tick(now_ms))]

    def close(self, now_ms: int) -> list[Change]:
        """The call is gone: settle what is open with the words that came."""
        if self._closed:
            return []
        self._closed = True
        return [*self._hearing.close(CALL_ENDED, now_ms), *self._responses.close(CALL_ENDED, now_ms)]

    def _when_greeted(self, outcome: Outcome) -> Outcome:
        """Return `outcome`, or keep it until the server has said that the session stands."""
        if self._waiting is None:
            return outcome
        self._waiting += outcome
        return []

    def _greeted(self) -> Outcome:
        waiting, self._waiting = self._waiting, None
        return waiting or []

    @singledispatchmethod
    def _on(self, event: s.ServerEvent, now_ms: int) -> Outcome:
        return self._hearing.receive(event, now_ms)

    @_on.register
    def _error(self, event: s.ServerError, now_ms: int) -> Outcome:
        outcome: Outcome = []
        for told in judge(event.error):
            outcome += self._notice(told) if isinstance(told, Noticed) else [told]
        return [*outcome, *self._updates.before(self._responses.error(event.error, now_ms))]

    @_on.register(s.SessionCreated)
    @_on.register(s.SessionUpdated)
    def _stands(self, event: s.SessionCreated | s.SessionUpdated, now_ms: int) -> Outcome:
        return [*self._limit.told(event.session.expires_at, now_ms), *self._greeted()]

    @_on.register
    def _speech_started(self, event: s.InputAudioBufferSpeechStarted, now_ms: int) -> Outcome:
        """The server stops its own answer, where it may: what it sent already must not go on sounding."""
        cut = self._cut(now_ms) if self._server_interrupts else []
        return [*cut, *self._hearing.receive(event, now_ms)]

    @_on.register
    def _committed(self, event: s.InputAudioBufferCommitted, now_ms: int) -> Outcome:
        self._responses.turn_ended(event.item_id)
        return self._hearing.receive(event, now_ms)

    @_on.register
    def _sound_started(self, event: s.OutputAudioBufferStarted, now_ms: int) -> Outcome:
        return self._sounds(event.response_id)

    @_on.register
    def _sound_stopped(self, event: s.OutputAudioBufferStopped, now_ms: int) -> Outcome:
        self._sounding.stop()
        return []

    @_on.register
    def _sound_cleared(self, event: s.OutputAudioBufferCleared, now_ms: int) -> Outcome:
        return self._cut(now_ms)

    @_on.register
    def _response_created(self, event: s.ResponseCreated, now_ms: int) -> Outcome:
        return self._responses.created(event.response, now_ms) if self._answering else []

    @_on.register
    def _text_delta(self, event: s.ResponseOutputTextDelta, now_ms: int) -> Outcome:
        return self._extended(event.response_id, (event.item_id, event.content_index), event.delta, now_ms)

    @_on.register
    def _transcript_delta(self, event: s.ResponseOutputAudioTranscriptDelta, now_ms: int) -> Outcome:
        """Not every server says when its sound begins, but over WebRTC the words of it come with it.

        Elsewhere they come long before it is heard, and the transport says when that is.
        """
        outcome = self._extended(event.response_id, (event.item_id, event.content_index), event.delta, now_ms)
        if not outcome:
            return []
        sounds = self._sounds(event.response_id) if self._server_truncates else []
        self._sounding.part(self._responses.answer_name(event.response_id), event.item_id, event.content_index)
        return [*outcome, *sounds]

    @_on.register
    def _text_done(self, event: s.ResponseOutputTextDone, now_ms: int) -> Outcome:
        return self._part_done(event.response_id, (event.item_id, event.content_index), event.text, now_ms)

    @_on.register
    def _transcript_done(self, event: s.ResponseOutputAudioTranscriptDone, now_ms: int) -> Outcome:
        return self._part_done(event.response_id, (event.item_id, event.content_index), event.transcript, now_ms)

    @_on.register
    def _response_done(self, event: s.ResponseDone, now_ms: int) -> Outcome:
        if not self._answering:
            return []
        usage = response_usage(event.response.usage)
        metered = [MeterUsage("aux", usage)] if usage is not None else []
        return [*self._updates.before(self._responses.done(event.response, now_ms)), *metered]

    def _extended(self, response_id: str, part: PartKey, delta: str, now_ms: int) -> Outcome:
        return self._responses.extended(response_id, part, delta, now_ms) if self._answering else []

    def _part_done(self, response_id: str, part: PartKey, text: str, now_ms: int) -> Outcome:
        return self._responses.part_done(response_id, part, text, now_ms) if self._answering else []

    def _sounds(self, response_id: str) -> Outcome:
        return [*self._sounding.begin(self._responses.answer_name(response_id))] if self._answering else []

    def _cut(self, now_ms: int) -> Outcome:
        told, truncation = self._sounding.cut(now_ms)
        return [*told, *send(truncation)]

    def _notice(self, notice: Noticed) -> list[Change]:
        """Return the notice, unless it was the last one too: a server may repeat itself without end."""
        if notice.text == self._noticed:
            return []
        self._noticed = notice.text
        return [notice]

    def _next_event_id(self) -> str:
        return f"event_{next(self._event_numbers)}"
