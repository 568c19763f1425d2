"""One question, two lanes: who is asked what, and when.

The quick lane drafts at once; the main lane is asked when the talk pauses and the draft is there, one question at a
time. A machine without a clock: methods take `now_ms` and return what to tell and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from msgspec import Struct

from sentra_tui.domain.changes import AnswerExpired, QuestionDropped, QuestionQueued, QuestionRaised
from sentra_tui.domain.config import AuxConfig, MainConfig
from sentra_tui.domain.question import Question
from sentra_tui.domain.state import MIC, Lane
from sentra_tui.protocol.owed import OwedDrafts

SUPERSEDED = "a newer question took its place"
DRAFTS_KEPT = 64
"""A draft may be there before the words of the line that it answers, and is kept until they come."""
WAITING_MAX = 200
"""The newest questions that wait; a talk that asks faster than anybody answers loses the oldest."""
CROWDED_OUT = "too many newer questions wait"


class RequestDraft(Struct, frozen=True):
    """Have the auxiliary assistant answer this question."""

    question_id: str
    tell: bool = False
    """Its session has not heard the question, or only a part of it."""


class AskMain(Struct, frozen=True):
    """Have the main assistant answer this question, and judge `draft` where there is one."""

    question: Question
    draft: str


class CancelMain(Struct, frozen=True):
    """Stop the main assistant's answer to this question."""

    question_id: str


LaneEffect: TypeAlias = RequestDraft | AskMain | CancelMain
LaneChange: TypeAlias = QuestionRaised | QuestionQueued | QuestionDropped | AnswerExpired
Outcome: TypeAlias = list[LaneChange | LaneEffect]


@dataclass
class _Waiting:
    question: Question
    since_ms: int
    hurry: bool


@dataclass
class _Draft:
    text: str = ""
    settled: bool = False

    def settle(self, text: str) -> None:
        self.text, self.settled = text, True


class Lanes:
    """Raises questions, requests drafts, and asks the main assistant."""

    def __init__(self, aux: AuxConfig, main: MainConfig) -> None:
        self._aux = aux
        self._main = main
        self._waiting: dict[str, _Waiting] = {}
        self._running: set[str] = set()
        self._drafts: dict[str, _Draft] = {}
        self._expiries: dict[str, int] = {}
        self._away: dict[str, Question] = {}
        self._owed = OwedDrafts(round(aux.ttl_s * 1000))
        self._last_line_ms = 0
        self.aux_live = False
        """Whether the auxiliary assistant's session stands: no draft is waited for without it."""
        self.aux_returns = False
        """Whether it broke and is to stand again: it is asked then."""
        self.main_reachable = True
        """Whether there is a network: without one nobody is asked."""

    def line(self, question: Question, now_ms: int, *, asks: bool, typed: bool = False, heard: bool = True) -> Outcome:
        """A line is final. `question` is what it raises where it does; `asks` says that it sounds like one.

        A typed line, and with `replies = "turns"` every turn of the microphone, is drafted without our asking, where
        the session `heard` it to its end.
        """
        self._last_line_ms = now_ms
        by_itself = heard and (typed or (question.stream == MIC and self._aux.replies == "turns"))
        drafted = self.aux_live and by_itself
        wanted = asks and self._aux.replies != "key" and not (typed and not self.aux_live)
        requested = self.aux_live and not drafted and wanted
        for_main = self._for_main(asks or typed) or (typed and not self.aux_live)
        if not (drafted or requested or for_main or asks):
            return []
        outcome: Outcome = [_raised(question)]
        if drafted or requested:
            self._expect_draft(question.question_id)
        if drafted or requested or (wanted and self.aux_returns):
            self._owe(question.question_id, now_ms)
        if requested:
            outcome.append(RequestDraft(question.question_id, tell=not heard))
        return [*outcome, *(self._queue(question, now_ms, hurry=not self.aux_live and typed) if for_main else [])]

    def ask(self, question: Question, now_ms: int) -> Outcome:
        """The user asks the main assistant: at once, and without a draft."""
        return [_raised(question), *self._queue(question, now_ms, hurry=True), *self.tick(now_ms)]

    def ask_again(self, question: Question, draft: str, now_ms: int) -> Outcome:
        """The user wants this question answered once more; nothing while it waits or runs."""
        if question.question_id in self._waiting or question.question_id in self._running:
            return []
        self._expect_draft(question.question_id).settle(draft)
        return [*self._queue(question, now_ms, hurry=True), *self.tick(now_ms)]

    def answer_now(self, question: Question, now_ms: int) -> Outcome:
        """The user will not wait for a pause. Where no question waits, `question` is what is raised."""
        if self._waiting:
            for waiting in self._waiting.values():
                waiting.hurry = True
            return self.tick(now_ms)
        outcome: Outcome = [_raised(question)]
        if self.aux_live:
            self._expect_draft(question.question_id)
            self._owe(question.question_id, now_ms)
            outcome.append(RequestDraft(question.question_id))
        self._last_line_ms = now_ms - round(self._main.debounce_s * 1000)
        return [*outcome, *self._queue(question, now_ms, hurry=not self.aux_live), *self.tick(now_ms)]

    def draft_ended(self, question_id: str, text: str, now_ms: int) -> Outcome:
        """The auxiliary assistant is done with this question; `text` is empty where it was stopped or failed."""
        self._expect_draft(question_id).settle(text)
        self._owed.settle(question_id)
        return self.tick(now_ms)

    def draft_cut(self, question_id: str, now_ms: int) -> None:
        """The session ended in the middle of its answer to this question: the next one is asked for it."""
        self._expect_draft(question_id)
        self._owe(question_id, now_ms)

    def session_began(self, now_ms: int) -> Outcome:
        """The auxiliary assistant has a new session, which was told of the talk: ask for what the old one owes."""
        return [RequestDraft(question_id, tell=True) for question_id in self._owed.ask_again(now_ms)]

    def hung_up(self) -> None:
        """The user wants no session any more, and nothing that the old one owes."""
        self._owed.forget()

    def main_ended(self, question_id: str, now_ms: int, *, answered: bool = True) -> Outcome:
        """The main assistant is done with this question; `answered` says that no draft is wanted any more."""
        self._running.discard(question_id)
        self._drafts.pop(question_id, None)
        if answered:
            self._owed.settle(question_id)
        return self.tick(now_ms)

    def main_lost(self, question: Question) -> None:
        """The network was away when the main assistant was asked: ask again when it is back."""
        self._away[question.question_id] = question

    def network_back(self, now_ms: int) -> Outcome:
        """There is a network again: ask what could not be asked, where it is not too old."""
        self.main_reachable = True
        away, self._away = self._away, {}
        outcome: Outcome = []
        for question in away.values():
            if now_ms - question.at_ms < self._main.ttl_s * 1000:
                outcome += self._queue(question, now_ms, hurry=True)
        return [*outcome, *self.tick(now_ms)]

    def answered(self, answer_id: str, lane: Lane, now_ms: int) -> None:
        """This answer is complete: it is news for a while."""
        ttl_s = self._aux.ttl_s if lane is Lane.AUX else self._main.ttl_s
        self._expiries[answer_id] = now_ms + round(ttl_s * 1000)

    def drop_waiting(self, cause: str, now_ms: int) -> Outcome:
        """Ask none of what waits."""
        dropped: Outcome = [QuestionDropped(question_id, now_ms, cause) for question_id in self._waiting]
        self._waiting.clear()
        self._away.clear()
        return dropped

    def drop(self, question_id: str, cause: str, now_ms: int) -> Outcome:
        """Do not ask this question, if it still waits."""
        self._owed.settle(question_id)
        self._away.pop(question_id, None)
        waited = self._waiting.pop(question_id, None)
        return [] if waited is None else [QuestionDropped(question_id, now_ms, cause)]

    def tick(self, now_ms: int) -> Outcome:
        """Let time pass: ask what is ready, and grey what is old."""
        expired = [answer_id for answer_id, due_ms in self._expiries.items() if due_ms <= now_ms]
        for answer_id in expired:
            del self._expiries[answer_id]
        outcome: Outcome = [AnswerExpired(answer_id, now_ms) for answer_id in expired]
        for question_id, waiting in list(self._waiting.items()):
            if not self._may_ask:
                break
            if self._due_ms(waiting) <= now_ms:
                del self._waiting[question_id]
                self._running.add(question_id)
                draft = self._drafts.get(question_id, _Draft())
                outcome.append(AskMain(waiting.question, draft.text if draft.settled else ""))
        return outcome

    def next_due_ms(self) -> int | None:
        """Return when `tick` has something to do, if nothing happens until then."""
        due = list(self._expiries.values())
        if self._may_ask:
            due += [self._due_ms(waiting) for waiting in self._waiting.values()]
        return min(due, default=None)

    @property
    def _may_ask(self) -> bool:
        return self.main_reachable and len(self._running) < self._main.concurrency

    def _owe(self, question_id: str, now_ms: int) -> None:
        draft = self._drafts.get(question_id)
        if draft is None or not draft.settled:
            self._owed.expect(question_id, now_ms)

    def _for_main(self, asks: bool) -> bool:
        return self._main.replies == "turns" or (self._main.replies == "questions" and asks)

    def _expect_draft(self, question_id: str) -> _Draft:
        draft = self._drafts.setdefault(question_id, _Draft())
        orphans = [each for each in self._drafts if each not in self._waiting and each not in self._running]
        for orphan in orphans[:-DRAFTS_KEPT]:
            del self._drafts[orphan]
        return draft

    def _queue(self, question: Question, now_ms: int, *, hurry: bool) -> Outcome:
        if question.question_id in self._waiting or question.question_id in self._running:
            return []
        outcome: Outcome = []
        if self._main.policy == "newest_wins":
            outcome += self.drop_waiting(SUPERSEDED, now_ms)
            outcome += [CancelMain(running) for running in sorted(self._running)]
        self._waiting[question.question_id] = _Waiting(question, now_ms, hurry)
        outcome.append(QuestionQueued(question.question_id, now_ms))
        if len(self._waiting) > WAITING_MAX:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            outcome.append(QuestionDropped(oldest, now_ms, CROWDED_OUT))
        return outcome

    def _due_ms(self, waiting: _Waiting) -> int:
        """Return when this question is asked: after a pause and with its draft, but not later than patience has it."""
        if waiting.hurry:
            return waiting.since_ms
        latest_ms = waiting.since_ms + round(self._main.patience_s * 1000)
        draft = self._drafts.get(waiting.question.question_id)
        if draft is not None and not draft.settled and self.aux_live:
            return latest_ms
        return min(latest_ms, self._last_line_ms + round(self._main.debounce_s * 1000))


def _raised(question: Question) -> QuestionRaised:
    return QuestionRaised(
        question.question_id, question.at_ms, question.text, question.stream, question.key, question.scope
    )
