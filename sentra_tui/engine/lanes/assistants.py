"""The two assistants: from what is said and answered to the lanes, and from the lanes to who answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import singledispatchmethod
from itertools import count

from msgspec import Struct

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.briefing import without_citations
from sentra_tui.domain.config import Config
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.question import Question, Scope, question_id_of
from sentra_tui.domain.questions import is_question
from sentra_tui.domain.routing import choose_model
from sentra_tui.domain.state import MIC, Answer, AnswerStatus, Connection, Lane, Severity
from sentra_tui.domain.text import clean
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.main_lane import MainLane
from sentra_tui.engine.lanes.ports import QuickLane
from sentra_tui.engine.lanes.telling import as_asked, told_before
from sentra_tui.engine.lanes.voice_commands import VoiceCommands
from sentra_tui.engine.store import Store
from sentra_tui.engine.talk import is_late, is_own, was_asked
from sentra_tui.protocol.context import ContextEntry
from sentra_tui.protocol.lanes import AskMain, CancelMain, LaneEffect, Lanes, Outcome, RequestDraft
from sentra_tui.protocol.responses import REPEATED
from sentra_tui.protocol.session import CALL_ENDED

_NEWS = (AnswerStatus.COMPLETED, AnswerStatus.INCOMPLETE)
ECHO = "it is an echo of the other stream"
OVER_BUDGET = "the hard budget is spent"


class LanePlan(Struct, frozen=True):
    """What the lanes follow."""

    config: Config
    profile: ProviderProfile
    may_ask: Callable[[], bool]
    """Whether there is money left for questions."""


class Assistants:
    """Drives the lanes; answers for the actions that ask."""

    def __init__(
        self,
        plan: LanePlan,
        store: Store,
        context: EngineContext,
        quick: QuickLane,
        main: MainLane,
    ) -> None:
        self._plan = plan
        self._store = store
        self._context = context
        self._quick = quick
        self._main = main
        self._lanes = Lanes(plan.config.aux, plan.config.main)
        self._numbers = count(1)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._commands = VoiceCommands(store, context.now_ms, quick.cancel)
        quick.on_told = self._ask_what_is_owed
        store.subscribe(self._hear)
        store.handle(a.CancelAnswer, lambda _: self._cancel())
        store.handle(a.Ask, lambda action: self.ask(action.question, action.scope))
        store.handle(a.AskAgain, lambda action: self._ask_again(action.question_id))
        store.handle(a.AnswerNow, lambda _: self._answer_now())
        store.handle(a.RepeatAnswer, lambda _: self._repeat())

    def ask(self, text: str, scope: Scope) -> None:
        """Have the main assistant answer, at once."""
        now_ms = self._context.now_ms()
        self._perform(self._lanes.ask(self._question(clean(text).strip(), now_ms, scope), now_ms))

    def take_typed(self, text: str) -> None:
        """Take what was typed while nobody on the microphone's session could: the main assistant answers it."""
        now_ms = self._context.now_ms()
        key = LineKey(now_ms, f"note_{next(self._numbers)}")
        self._store.publish(c.TranscriptCommitted(MIC, key, clean(text), now_ms, now_ms, "typed"))

    def start(self) -> None:
        """Take up what was read back: answers grow old from where they began."""
        for answer in self._store.state.answers:
            if answer.status in _NEWS and answer.text and not answer.expired:
                self._lanes.answered(answer.answer_id, answer.lane, answer.started_ms)
        self._tick()

    def close(self) -> None:
        """Ask nothing any more, whatever still ends."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    @singledispatchmethod
    def _hear(self, change: c.Change) -> None:
        """Take what happened; most of it does not concern the lanes."""

    @_hear.register
    def _(self, change: c.TranscriptCommitted) -> None:
        text, now_ms = change.text, self._context.now_ms()
        if not text or not is_own(self._store.state, change) or self._commands.obey(change):
            return
        question_id = question_id_of(change.stream, change.key)
        question = Question(question_id, change.start_ms, text, change.stream, change.key)
        if change.stream != MIC:
            self._quick.tell(as_asked(question, self._store.state.engine.started_at))
        if is_late(change, now_ms) or (change.recovered and was_asked(self._store.state, change)):
            return
        stream = self._store.state.stream(change.stream)
        asks = is_question(text, stream.language if stream is not None else "")
        heard = not (change.partial or change.recovered)
        self._perform(self._lanes.line(question, now_ms, asks=asks, typed=change.kind == "typed", heard=heard))

    @_hear.register
    def _(self, change: c.LineEchoed) -> None:
        """Answer nothing that the room repeated; the session may have begun to, by itself."""
        if change.echo:
            question_id = question_id_of(change.stream, LineKey(change.session, change.item_id))
            self._quick.cancel(question_id)
            self._main.cancel(question_id)
            self._perform(self._lanes.drop(question_id, ECHO, self._context.now_ms()))

    @_hear.register
    def _(self, change: c.AnswerEnded) -> None:
        answer = next((each for each in self._store.state.answers if each.answer_id == change.answer_id), None)
        if answer is None:
            return
        now_ms = self._context.now_ms()
        if answer.text and answer.status in _NEWS:
            self._lanes.answered(answer.answer_id, answer.lane, now_ms)
        if answer.lane is Lane.AUX and change.cause == CALL_ENDED:
            self._lanes.draft_cut(answer.question_id, now_ms)
        elif answer.lane is Lane.AUX:
            self._perform(self._lanes.draft_ended(answer.question_id, _as_draft(answer), now_ms))
        elif answer.status is AnswerStatus.COMPLETED and self._plan.config.main.inject:
            self._quick.tell(ContextEntry(answer.answer_id, "main", answer.text))
        self._set_timer()

    @_hear.register(c.StreamConnected)
    @_hear.register(c.StreamClosed)
    @_hear.register(c.StreamFailed)
    @_hear.register(c.StreamReconnecting)
    def _(self, change: c.StreamConnected | c.StreamClosed | c.StreamFailed | c.StreamReconnecting) -> None:
        if change.stream == MIC:
            stream = self._store.state.stream(MIC)
            self._lanes.aux_live = stream is not None and stream.connection is Connection.LIVE
            self._lanes.aux_returns = stream is not None and stream.connection is Connection.RECONNECTING
            if isinstance(change, c.StreamClosed):
                self._lanes.hung_up()
            self._set_timer()
        if isinstance(change, c.StreamConnected):
            self._perform(self._lanes.network_back(self._context.now_ms()))

    @_hear.register
    def _(self, change: c.NetworkChanged) -> None:
        if change.step == "down":
            self._lanes.main_reachable = False
        else:
            self._perform(self._lanes.network_back(self._context.now_ms()))

    def context(self) -> list[ContextEntry]:
        """Return what a new session of the auxiliary assistant is told."""
        return told_before(self._store.state, self._plan.config.aux.replay_tokens)

    def _cancel(self) -> None:
        """Stop what sounds or is drafted; where nothing is, what the main assistant works on and what waits for it."""
        if not self._quick.cancel():
            self._main.cancel_all()
            self._perform(self._lanes.drop_waiting("stopped", self._context.now_ms()))

    def _question(self, text: str, now_ms: int, scope: Scope) -> Question:
        return Question(f"ask.{now_ms}.{next(self._numbers)}", now_ms, text, scope=scope)

    def _answer_now(self) -> None:
        now_ms = self._context.now_ms()
        self._perform(self._lanes.answer_now(self._question("", now_ms, "recent"), now_ms))

    def _ask_again(self, question_id: str) -> None:
        state, now_ms = self._store.state, self._context.now_ms()
        question = state.question(question_id) if question_id else self._unanswered()
        if question is None:
            self._store.publish(c.Noticed(Severity.INFORMATION, "There is nothing to ask again."))
            return
        drafts = [each for each in state.lane(Lane.AUX) if each.question_id == question.question_id]
        self._perform(self._lanes.ask_again(question, _as_draft(drafts[-1]) if drafts else "", now_ms))

    def _unanswered(self) -> Question | None:
        """Return the newest question whose last main answer did not come to its end, or that has none."""
        last: dict[str, Answer] = {each.question_id: each for each in self._store.state.lane(Lane.MAIN)}
        for question in reversed(self._store.state.questions):
            answer = last.get(question.question_id)
            if answer is None or answer.status is not AnswerStatus.COMPLETED:
                return question
        return None

    def _repeat(self) -> None:
        state = self._store.state
        answers = [each for each in state.answers if each.text and self._is_wanted(each)]
        if not answers:
            self._store.publish(c.Noticed(Severity.INFORMATION, "There is no answer to repeat."))
            return
        newest = answers[-1]
        if not self._quick.say_again(without_citations(newest.text)):
            self._store.publish(
                c.Noticed(Severity.INFORMATION, "The last answer is on the screen.", "v speaks answers.")
            )

    def _is_wanted(self, answer: Answer) -> bool:
        """Whether it answers a question: a session may have begun to answer a command, too."""
        return answer.question_id == REPEATED or self._store.state.question(answer.question_id) is not None

    def _perform(self, outcome: Outcome) -> None:
        if self._closed:
            return
        for each in outcome:
            if isinstance(each, LaneEffect):
                self._carry_out(each)
            else:
                self._store.publish(each)
        self._set_timer()

    @singledispatchmethod
    def _carry_out(self, effect: LaneEffect) -> None:
        raise TypeError(f"no way to carry out {type(effect).__name__}")

    @_carry_out.register
    def _(self, effect: RequestDraft) -> None:
        if effect.tell:
            if (question := self._store.state.question(effect.question_id)) is None:
                return
            self._quick.tell(as_asked(question, self._store.state.engine.started_at))
        self._quick.answer(effect.question_id)

    @_carry_out.register
    def _(self, effect: CancelMain) -> None:
        self._main.cancel(effect.question_id)

    @_carry_out.register
    def _(self, effect: AskMain) -> None:
        question, profile = effect.question, self._plan.profile
        if not self._plan.may_ask():
            self._store.publish(c.QuestionDropped(question.question_id, self._context.now_ms(), OVER_BUDGET))
            self._main_ended(question.question_id)
            return
        model, why = choose_model(
            question.text,
            self._plan.config.main.routes,
            model=profile.main_model,
            small_model=profile.small_main_model,
            economy=self._store.state.economy,
        )
        self._store.publish(c.EventLogged(self._context.now_ms(), "main", f"asks {model}: {why}"))
        self._main.ask(
            question,
            effect.draft,
            model,
            lambda: self._main_ended(question.question_id),
            lambda: self._main_lost(question),
        )

    def _main_ended(self, question_id: str) -> None:
        answers = [each.status for each in self._store.state.lane(Lane.MAIN) if each.question_id == question_id]
        answered = answers[-1:] == [AnswerStatus.COMPLETED]
        self._perform(self._lanes.main_ended(question_id, self._context.now_ms(), answered=answered))

    def _main_lost(self, question: Question) -> bool:
        """Keep a question that could not be asked, where it is the network that is away."""
        state, gone = self._store.state, Connection.RECONNECTING
        away = state.network_down or any(each.suspected or each.connection is gone for each in state.streams)
        if away:
            self._lanes.main_lost(question)
        return away

    def _ask_what_is_owed(self) -> None:
        self._perform(self._lanes.session_began(self._context.now_ms()))

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due_ms = None if self._closed else self._lanes.next_due_ms()
        if due_ms is not None:
            delay_s = max(0, due_ms - self._context.now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._perform(self._lanes.tick(self._context.now_ms()))


def _as_draft(answer: Answer) -> str:
    """Return what of a quick answer is worth judging: nothing where it was stopped or failed."""
    return answer.text if answer.status in _NEWS else ""
