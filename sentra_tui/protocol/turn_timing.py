"""How long a turn of the talk takes: from the end of speech to its end, its words, and the answer to it.

Times are of the engine's clock. Speech ends where the server says that it does in the session's sound, else when the
server says so. Events may be missing, late or doubled: then a value is missing, and none is ever told twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatchmethod

from msgspec import Struct

from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.question import question_id_of
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.client_events import ResponseCreate
from sentra_tui.protocol.responses import QUESTION_ID

TURNS_KEPT = 64
RESPONSES_KEPT = 32
ANSWER_MAX_MS = 120_000
"""What begins later than this after the end of speech is no answer to it that anybody waited for."""


class Timed(Struct, frozen=True):
    """One value, in milliseconds, of a turn that was spoken in `stream`."""

    metric: Metric
    value_ms: int
    stream: str


@dataclass(slots=True)
class _Turn:
    stream: str
    end_ms: int
    told: set[Metric] = field(default_factory=set)

    def tell(self, metric: Metric, now_ms: int) -> list[Timed]:
        if metric in self.told:
            return []
        self.told.add(metric)
        return [Timed(metric, max(0, now_ms - self.end_ms), self.stream)]


class SpokenTurns:
    """The newest turns of all streams, by the question that each raises: one stream's turn is answered in another's
    session.
    """

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    def ended(self, question_id: str, stream: str, end_ms: int) -> None:
        """The speech of this turn ended; said more than once, the first time holds."""
        self._turns.setdefault(question_id, _Turn(stream, end_ms))
        while len(self._turns) > TURNS_KEPT:
            del self._turns[next(iter(self._turns))]

    def tell(self, question_id: str, metric: Metric, now_ms: int) -> list[Timed]:
        """Return the value that this turn has from now on; nothing where it has one, or is not known."""
        turn = self._turns.get(question_id)
        return turn.tell(metric, now_ms) if turn is not None else []

    def answered(self, question_id: str, metric: Metric, now_ms: int) -> list[Timed]:
        """Return the value of an answer to this turn; nothing where nobody waited for it any more."""
        turn = self._turns.get(question_id)
        if turn is None or now_ms - turn.end_ms > ANSWER_MAX_MS:
            return []
        return turn.tell(metric, now_ms)


class TurnTiming:
    """Times the turns of one call of `stream`, the session `number`, whose sound began at `started_ms`.

    `words_sound` says that the words of a spoken answer come with its sound, as over WebRTC.
    """

    def __init__(self, stream: str, number: int, started_ms: int, turns: SpokenTurns, *, words_sound: bool) -> None:
        self._stream = stream
        self._number = number
        self._started_ms = started_ms
        self._turns = turns
        self._words_sound = words_sound
        self._unnamed_end_ms: int | None = None
        self._newest = ""
        self._asked: list[str] = []
        self._answers: dict[str, str] = {}
        """By response the question that it answers."""

    def asked(self, event: ResponseCreate) -> None:
        """An answer is requested of the server."""
        metadata = event.response.metadata if event.response is not None else None
        question_id = (metadata or {}).get(QUESTION_ID, "")
        if question_id:
            self._asked = [*self._asked, question_id][-RESPONSES_KEPT:]

    def receive(self, event: s.ServerEvent, now_ms: int) -> list[Timed]:
        """Take what the server said; return what is known now."""
        return self._on(event, now_ms)

    @singledispatchmethod
    def _on(self, event: s.ServerEvent, now_ms: int) -> list[Timed]:
        return []

    @_on.register
    def _speech_stopped(self, event: s.InputAudioBufferSpeechStopped, now_ms: int) -> list[Timed]:
        end_ms = now_ms
        if event.audio_end_ms is not None:
            end_ms = int(min(max(self._started_ms + event.audio_end_ms, self._started_ms), now_ms))
        if event.item_id:
            self._ended(event.item_id, end_ms)
        else:
            self._unnamed_end_ms = end_ms
        return []

    @_on.register
    def _committed(self, event: s.InputAudioBufferCommitted, now_ms: int) -> list[Timed]:
        end_ms, self._unnamed_end_ms = self._unnamed_end_ms, None
        if end_ms is not None and event.item_id:
            self._ended(event.item_id, end_ms)
        return self._turns.tell(self._question(event.item_id), Metric.TURN_COMMIT_MS, now_ms)

    @_on.register
    def _completed(self, event: s.InputAudioTranscriptionCompleted, now_ms: int) -> list[Timed]:
        return self._turns.tell(self._question(event.item_id), Metric.TURN_WORDS_MS, now_ms)

    @_on.register
    def _created(self, event: s.ResponseCreated, now_ms: int) -> list[Timed]:
        response = event.response
        if response.id in self._answers:
            return []
        told = (response.metadata or {}).get(QUESTION_ID, "")
        asked = next((each for each in self._asked if each == told or not told), "")
        if asked:
            self._asked.remove(asked)
        return self._began(response.id, told or asked or self._newest, now_ms)

    @_on.register(s.ResponseOutputItemAdded)
    @_on.register(s.ResponseOutputTextDelta)
    def _said(self, event: s.ResponseOutputItemAdded | s.ResponseOutputTextDelta, now_ms: int) -> list[Timed]:
        return self._began(event.response_id, self._newest, now_ms)

    @_on.register
    def _spoke(self, event: s.ResponseOutputAudioTranscriptDelta, now_ms: int) -> list[Timed]:
        began = self._began(event.response_id, self._newest, now_ms)
        return [*began, *self._sounds(event.response_id, now_ms)] if self._words_sound else began

    @_on.register
    def _sound_started(self, event: s.OutputAudioBufferStarted, now_ms: int) -> list[Timed]:
        response_id = event.response_id or next(reversed(self._answers), "")
        return [*self._began(response_id, self._newest, now_ms), *self._sounds(response_id, now_ms)]

    def _ended(self, item_id: str, end_ms: int) -> None:
        self._newest = self._question(item_id)
        self._turns.ended(self._newest, self._stream, end_ms)

    def _question(self, item_id: str) -> str:
        return question_id_of(self._stream, LineKey(self._number, item_id)) if item_id else self._newest

    def _began(self, response_id: str, question_id: str, now_ms: int) -> list[Timed]:
        if response_id in self._answers:
            return []
        self._answers[response_id] = question_id
        if len(self._answers) > RESPONSES_KEPT:
            del self._answers[next(iter(self._answers))]
        return self._turns.answered(question_id, Metric.TURN_EVENT_MS, now_ms)

    def _sounds(self, response_id: str, now_ms: int) -> list[Timed]:
        return self._turns.answered(self._answers.get(response_id, ""), Metric.TURN_SOUND_MS, now_ms)
