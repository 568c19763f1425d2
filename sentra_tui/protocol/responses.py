"""The responses of one call: which is under way, which waits, and what each of them answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.config import READ_ALOUD
from sentra_tui.domain.question import question_id_of
from sentra_tui.domain.state import Severity
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.answers import Answers, PartKey
from sentra_tui.protocol.client_events import ClientEvent, InputText, MessageItem, ResponseParams
from sentra_tui.protocol.effects import Effect, SendEvent
from sentra_tui.protocol.objects import ErrorDetails, Response
from sentra_tui.protocol.response_queue import QueueState, ResponseQueue

QUESTION_ID = "question_id"
"""The key in a response's metadata that says what it answers."""

REPEATED = "repeat"
"""What stands for the question of an answer that is said again."""

Outcome = list[Change | Effect]


def send(events: Iterable[ClientEvent]) -> Outcome:
    """Return the effects that send these events."""
    return [SendEvent(event) for event in events]


class Responses:
    """Requests responses one at a time, and tells what they say."""

    def __init__(
        self, stream: str, number: int, next_event_id: Callable[[], str], *, answers_turns: bool = True
    ) -> None:
        """`answers_turns` says that the server begins an answer to each turn by itself."""
        self._stream = stream
        self._number = number
        self._answers = Answers(stream, number)
        self._queue = ResponseQueue(next_event_id)
        self._unnamed_numbers = count(1)
        self._turn_question = ""
        self._answers_turns = answers_turns
        self._open_turn = ""
        self._missed_turn = ""
        self._active_question = ""
        self._unwanted = ""

    @property
    def active_question(self) -> str:
        """The question that the response under way answers; empty without one."""
        return self._active_question if self._queue.active_id else ""

    @property
    def busy(self) -> bool:
        """Whether a response is under way, or was asked for and may be."""
        return self._queue.state is not QueueState.FREE

    @property
    def newest_turn(self) -> str:
        """The question of the newest turn; empty before the first."""
        return self._turn_question

    def answer_name(self, response_id: str) -> str:
        """Return the id of the answer that this response gives."""
        return self._answers.name(response_id)

    def turn_ended(self, item_id: str) -> None:
        """The user's turn became this item: the next response of the server's own answers it.

        While another response runs the server can begin none: then it is asked for, once that one is over.
        """
        self._turn_question = question_id_of(self._stream, LineKey(self._number, item_id))
        if self._answers_turns:
            self._open_turn = self._turn_question
            self._missed_turn = "" if self._queue.state is QueueState.FREE else self._turn_question

    def request(self, now_ms: int, question_id: str, told: tuple[MessageItem, ...] = ()) -> Outcome:
        """Ask for an answer to this question: now, or once the session is free.

        By then the conversation has gone on, so what was `told` up to the question goes along, in its place.
        """
        later = self._queue.state is not QueueState.FREE
        params = ResponseParams(metadata={QUESTION_ID: question_id}, input=(told or None) if later else None)
        return send(self._queue.request(now_ms, params))

    def read_aloud(self, text: str, now_ms: int) -> Outcome:
        """Have these words spoken, beside the conversation."""
        item = MessageItem("user", (InputText(text),))
        params = ResponseParams(
            instructions=READ_ALOUD, input=(item,), conversation="none", metadata={QUESTION_ID: REPEATED}
        )
        return send(self._queue.request(now_ms, params))

    def cancel(self, now_ms: int) -> tuple[list[ClientEvent], list[Change]]:
        """Stop the response under way; return what to send, and what the screen is told."""
        answer = self._answers.cancelled(self._queue.active_id, now_ms)
        return self._queue.cancel(now_ms), answer

    def discard(self, question_id: str) -> None:
        """Nobody wants this turn answered: do not ask for it, and stop what the server begins of itself."""
        if question_id != self._open_turn:
            return
        if self._missed_turn:
            self._open_turn = self._missed_turn = ""
        else:
            self._unwanted = question_id

    def error(self, error: ErrorDetails, now_ms: int) -> Outcome:
        """The server reported an error."""
        return send(self._queue.error(error.name, error.event_id, now_ms))

    def created(self, response: Response, now_ms: int) -> Outcome:
        """A response began."""
        response_id = response.id or f"unnamed_{next(self._unnamed_numbers)}"
        return self._begin(response_id, self._question_of(response), now_ms)

    def extended(self, response_id: str, part: PartKey, delta: str, now_ms: int) -> Outcome:
        """More words of one part."""
        response_id, begun = self._respond(response_id, now_ms)
        return [*begun, *(self._answers.extended(response_id, part, delta, now_ms) if response_id else [])]

    def part_done(self, response_id: str, part: PartKey, text: str, now_ms: int) -> Outcome:
        """All words of one part."""
        response_id, begun = self._respond(response_id, now_ms)
        return [*begun, *(self._answers.part_done(response_id, part, text, now_ms) if response_id else [])]

    def done(self, response: Response, now_ms: int) -> Outcome:
        """The response is over: the next one may begin."""
        response_id, begun = self._respond(response.id, now_ms)
        if not response_id:
            return begun
        ended = self._answers.done(response_id, response, now_ms)
        return [*begun, *ended, *send(self._queue.done(response_id, now_ms)), *self._make_good(now_ms)]

    def tick(self, now_ms: int) -> Outcome:
        """Let time pass: a response that the server no longer speaks of must not block the next."""
        if not self._queue.overdue(now_ms):
            return []
        outcome: Outcome = [*self._answers.close("the provider fell silent", now_ms)]
        if self._queue.state is QueueState.CREATE_REQUESTED:
            outcome.append(Noticed(Severity.WARNING, "The provider did not answer.", "Ask again."))
        return outcome + send(self._queue.release(now_ms))

    def close(self, cause: str, now_ms: int) -> list[Change]:
        """The call is gone; what was asked for and did not begin is asked for in the next one."""
        return [*self._answers.close(cause, now_ms)]

    def _make_good(self, now_ms: int) -> Outcome:
        missed, self._missed_turn = self._missed_turn, ""
        return self.request(now_ms, missed) if missed else []

    def _question_of(self, response: Response) -> str:
        """Return what the response answers: what its metadata says; else the turn that the server has not answered
        yet, else what was asked for, on a server that echoes no metadata; else the newest turn.
        """
        told = (response.metadata or {}).get(QUESTION_ID, "")
        if told or self._open_turn:
            return told or self._open_turn
        sent = self._queue.sent
        asked = (sent.metadata or {}).get(QUESTION_ID, "") if sent is not None else ""
        return asked or self._turn_question

    def _respond(self, response_id: str, now_ms: int) -> tuple[str, Outcome]:
        """Return the response meant, and what began it where its beginning was not told; empty where none is meant."""
        self._queue.touch(now_ms)
        name = response_id or self._queue.active_id
        return (name, self._begin(name, self._turn_question, now_ms)) if name else ("", [])

    def _begin(self, response_id: str, question_id: str, now_ms: int) -> Outcome:
        if self._answers.knows(response_id):
            return []
        stopped_before_it_began = self._queue.state is QueueState.CANCEL_REQUESTED and not self._queue.active_id
        self._queue.created(response_id, now_ms)
        self._active_question = question_id
        if question_id == self._open_turn:
            self._open_turn = self._missed_turn = ""
        if stopped_before_it_began:
            self._answers.discard(response_id)
            return []
        if question_id and question_id == self._unwanted:
            self._answers.discard(response_id)
            return send(self._queue.cancel(now_ms))
        return [*self._answers.started(response_id, now_ms, question_id)]
