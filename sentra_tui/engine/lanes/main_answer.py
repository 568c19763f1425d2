"""From what a run tells to what the screen is told."""

from __future__ import annotations

from sentra_tui.domain import changes as c
from sentra_tui.domain.main_run import RunEnded, RunRef, RunStatus
from sentra_tui.domain.state import AnswerStatus, Lane, Verdict
from sentra_tui.domain.verdict import VerdictReader, split_verdict
from sentra_tui.engine.context import EngineContext

NOT_TOLD = "its end was not told"
ASK_AGAIN = "Press A to ask again."
ASKED_WHEN_BACK = "It is asked again when the network is back."

_STATUS = {
    RunStatus.COMPLETED: AnswerStatus.COMPLETED,
    RunStatus.INCOMPLETE: AnswerStatus.INCOMPLETE,
    RunStatus.CANCELLED: AnswerStatus.CANCELLED,
    RunStatus.FAILED: AnswerStatus.FAILED,
}


class MainAnswer:
    """One main answer on its way to the screen; `has_draft` says that it judges one.

    Once a run has told its end, nothing that comes later changes that. `begun` says that the screen knows of it.
    """

    def __init__(self, answer_id: str, question_id: str, has_draft: bool, context: EngineContext) -> None:
        self.answer_id = answer_id
        self.ref: RunRef | None = None
        self.model = ""
        self.begun = False
        self.over = False
        self._question_id = question_id
        self._has_draft = has_draft
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._reader = VerdictReader()
        self._judged = False

    def begin(self, at_ms: int, model: str = "") -> None:
        """Somebody answers since then."""
        self.begun, self.model = True, model
        self._publish(c.AnswerStarted(self.answer_id, Lane.MAIN, at_ms, self._question_id, model))

    def extend(self, delta: str) -> None:
        """More of its text."""
        self._show(self._reader.feed(delta))

    def end(self, event: RunEnded) -> None:
        """The run is over."""
        verdict, text = split_verdict(event.text)
        if event.status is RunStatus.COMPLETED:
            self._judge(verdict)
        nothing_came = event.status is RunStatus.INCOMPLETE and not text
        self._end(_STATUS[event.status], text, event.cause, event.hint or (ASK_AGAIN if nothing_came else ""))
        self.over = True

    def cancelled(self) -> None:
        """The user stopped it."""
        self._end(AnswerStatus.CANCELLED, None, "stopped", "")

    def fail(self, cause: str, hint: str) -> None:
        """There will be no answer."""
        self._end(AnswerStatus.FAILED, None, cause, hint)

    def unknown(self, cause: str = "") -> None:
        """Nobody can tell whether there was an answer."""
        self._end(AnswerStatus.UNKNOWN, None, cause or NOT_TOLD, ASK_AGAIN)

    def _show(self, words: str) -> None:
        if self._reader.verdict is not None:
            self._judge(self._reader.verdict)
        if words:
            self._publish(c.AnswerExtended(self.answer_id, Lane.MAIN, self._now_ms(), words))

    def _judge(self, verdict: Verdict | None) -> None:
        """Tell the verdict once; an answer that gives none takes the place of the draft."""
        if verdict is None:
            verdict = Verdict.CORRECTED if self._has_draft else Verdict.NONE
        if not self._judged and verdict is not Verdict.NONE:
            self._judged = True
            self._publish(c.DraftJudged(self._question_id, self._now_ms(), verdict))

    def _end(self, status: AnswerStatus, text: str | None, cause: str, hint: str) -> None:
        if not self.over:
            self._publish(c.AnswerEnded(self.answer_id, Lane.MAIN, self._now_ms(), status, text, cause, hint))
