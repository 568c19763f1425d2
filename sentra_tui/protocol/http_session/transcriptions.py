"""The turns that are written down: in order, a few at a time, and one that may not be a turn yet.

A guess is a turn that may go on: it is written down while the silence that will end it still runs. Nothing is told of
it until it becomes a turn; one that does not is on the bill of the next turn all the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sentra_tui.domain.errors import SentraError, TransportLost
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextEvent
from sentra_tui.protocol.http_session.requests import Drop, Names, Outcome, Transcribe
from sentra_tui.protocol.http_session.turns import Span

AT_ONCE = 2
"""How many turns are written down at the same time."""
RETRY_S = 0.5
RETRY_MAX_S = 5.0
_EVENT = "conversation.item.input_audio_transcription"


@dataclass(slots=True)
class Job:
    """One stretch of sound that is written down. It has no `item_id` while it is a guess."""

    span: Span
    prompt: str
    item_id: str = ""
    request_id: str = ""
    words: str = ""
    ended: TextEnded | None = None
    failure: SentraError | None = None
    retried: bool = False

    @property
    def settled(self) -> bool:
        """Whether no more words come."""
        return self.ended is not None or self.failure is not None


class Transcriptions:
    """Orders transcriptions and tells of them.

    `on_settled` is called with each job that has all its words, or failed: it returns what follows from that.
    """

    def __init__(self, names: Names, on_settled: Callable[[Job], Outcome]) -> None:
        self.language = ""
        self._names = names
        self._on_settled = on_settled
        self._waiting: deque[Job] = deque()
        self._running: dict[str, Job] = {}
        self._wasted = Usage()
        self._wasted_ms = 0

    @property
    def needed_from_ms(self) -> int | None:
        """Where the sound begins that is still to be sent; None where all was."""
        starts = [job.span.start_ms for job in (*self._waiting, *self._running.values())]
        return min(starts, default=None)

    @property
    def guess(self) -> Job | None:
        """The guess that is being written down."""
        return next((job for job in self._running.values() if not job.item_id), None)

    def open_items(self) -> set[str]:
        """Return the turns whose words are awaited."""
        return {job.item_id for job in (*self._waiting, *self._running.values()) if job.item_id}

    def order(self, item_id: str, span: Span, prompt: str = "") -> Outcome:
        """Have a turn written down as soon as its time comes."""
        self._waiting.append(Job(span, prompt, item_id))
        return self._next()

    def begin_guess(self, span: Span, prompt: str = "") -> Outcome:
        """Have what may be a turn written down at once."""
        return self._start(Job(span, prompt))

    def drop_guess(self, job: Job) -> Outcome:
        """It was no turn: end it, and remember what it cost."""
        self._running.pop(job.request_id, None)
        if job.ended is not None and job.ended.usage is not None:
            self._wasted += job.ended.usage
        else:
            self._wasted_ms += job.span.length_ms
        return [] if job.settled else [Drop(job.request_id)]

    def adopt(self, job: Job, item_id: str) -> Outcome:
        """The guess was right: it is this turn."""
        job.item_id = item_id
        if job.ended is not None:
            return self._completed(job, job.ended)
        if job.failure is not None:
            return self._failed(job, job.failure)
        return [self._say("delta", job, delta=job.words)] if job.words else []

    def wrote(self, request_id: str, event: TextEvent) -> Outcome:
        """Words came."""
        job = self._running.get(request_id)
        if job is None:
            return []
        if not isinstance(event, TextEnded):
            job.words += event.text
            return [self._say("delta", job, delta=event.text)] if job.item_id and event.text else []
        del self._running[request_id]
        job.ended = event
        told = self._completed(job, event) if job.item_id else []
        return [*told, *self._on_settled(job), *self._next()]

    def failed(self, request_id: str, failure: SentraError) -> Outcome:
        """A request came to nothing: what was lost on the way is asked for once more."""
        job = self._running.pop(request_id, None)
        if job is None:
            return []
        if isinstance(failure, TransportLost) and job.item_id and not job.retried:
            job.retried = True
            job.words = ""
            return self._start(job, min(max(RETRY_S, failure.retry_after_s or 0.0), RETRY_MAX_S))
        job.failure = failure
        told = self._failed(job, failure) if job.item_id else []
        return [*told, *self._on_settled(job), *self._next()]

    def knows(self, request_id: str) -> bool:
        """Return whether this request is under way here."""
        return request_id in self._running

    def silent(self, item_id: str) -> Outcome:
        """Say that nobody spoke in this turn."""
        return [self._say_completed(item_id, "", {"type": "duration", "seconds": 0.0})]

    def _next(self) -> Outcome:
        started: Outcome = []
        while self._waiting and sum(bool(job.item_id) for job in self._running.values()) < AT_ONCE:
            started += self._start(self._waiting.popleft())
        return started

    def _start(self, job: Job, delay_s: float = 0.0) -> Outcome:
        job.request_id = self._names.next("request")
        self._running[job.request_id] = job
        return [Transcribe(job.request_id, job.span.start_ms, job.span.end_ms, self.language, job.prompt, delay_s)]

    def _completed(self, job: Job, ended: TextEnded) -> Outcome:
        return [self._say_completed(job.item_id, ended.text, self._usage(job, ended.usage))]

    def _say_completed(self, item_id: str, text: str, usage: dict[str, Any]) -> Any:
        return self._names.say(f"{_EVENT}.completed", item_id=item_id, content_index=0, transcript=text, usage=usage)

    def _failed(self, job: Job, failure: SentraError) -> Outcome:
        error = {"type": "transcription_error", "code": "transcription_failed", "message": str(failure), "param": None}
        return [self._say("failed", job, error=error)]

    def _say(self, kind: str, job: Job, **fields: Any) -> Any:
        return self._names.say(f"{_EVENT}.{kind}", item_id=job.item_id, content_index=0, **fields)

    def _usage(self, job: Job, counted: Usage | None) -> dict[str, Any]:
        """Return what the turn cost, with the guesses before it: those that were not counted cost as much a second."""
        if counted is None:
            counted = Usage(seconds=job.span.length_ms / 1000)
        share = self._wasted_ms / max(job.span.length_ms, 1)
        total = counted + self._wasted + _scaled(counted, share)
        self._wasted, self._wasted_ms = Usage(), 0
        return {
            "type": "tokens" if total.tokens else "duration",
            "seconds": total.seconds,
            "input_tokens": total.text_in + total.audio_in,
            "output_tokens": total.text_out + total.audio_out,
            "total_tokens": total.tokens,
            "input_token_details": {"text_tokens": total.text_in, "audio_tokens": total.audio_in},
        }


def _scaled(usage: Usage, share: float) -> Usage:
    return Usage(
        text_in=round(usage.text_in * share),
        audio_in=round(usage.audio_in * share),
        text_out=round(usage.text_out * share),
        seconds=usage.seconds * share,
    )
