"""What it means that something is asked, or answered."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.question import Question
from sentra_tui.domain.reduce.arms import arm
from sentra_tui.domain.state import UNFINISHED, Answer, AnswerStatus, AppState, Lane
from sentra_tui.domain.text import clean_join

ANSWERS_KEPT = 200
QUESTIONS_KEPT = 200


def _with_question(
    questions: tuple[Question, ...], question_id: str, update: Callable[[Question], Question]
) -> tuple[Question, ...]:
    return tuple(update(each) if each.question_id == question_id else each for each in questions)


def _with_answer(
    state: AppState, change: c.AnswerExtended | c.AnswerEnded, update: Callable[[Answer], Answer]
) -> AppState:
    known = any(answer.answer_id == change.answer_id for answer in state.answers)
    if not known:
        state = _answer_started(c.AnswerStarted(change.answer_id, change.lane, change.at_ms), state)
    answers = tuple(update(answer) if answer.answer_id == change.answer_id else answer for answer in state.answers)
    return replace(state, answers=answers)


@arm.register
def _answer_started(change: c.AnswerStarted, state: AppState) -> AppState:
    if any(answer.answer_id == change.answer_id for answer in state.answers):
        return state
    answer = Answer(
        change.answer_id, Lane(change.lane), change.at_ms, question_id=change.question_id, model=change.model
    )
    questions = state.questions
    if answer.lane is Lane.MAIN:
        questions = _with_question(questions, change.question_id, lambda each: replace(each, waiting=False, dropped=""))
    return replace(state, answers=(*state.answers, answer)[-ANSWERS_KEPT:], questions=questions)


@arm.register
def _answer_extended(change: c.AnswerExtended, state: AppState) -> AppState:
    def extend(answer: Answer) -> Answer:
        if answer.status not in UNFINISHED:
            return answer
        return replace(answer, text=clean_join(answer.text, change.delta), status=AnswerStatus.DRAFT)

    return _with_answer(state, change, extend)


@arm.register
def _answer_ended(change: c.AnswerEnded, state: AppState) -> AppState:
    def end(answer: Answer) -> Answer:
        text = answer.text if change.text is None else change.text
        return replace(answer, text=text, status=change.status, cause=change.cause, hint=change.hint)

    return _with_answer(state, change, end)


def _with_known_answer(state: AppState, answer_id: str, update: Callable[[Answer], Answer]) -> AppState:
    answers = tuple(update(answer) if answer.answer_id == answer_id else answer for answer in state.answers)
    return replace(state, answers=answers)


@arm.register
def _answer_cut(change: c.AnswerCut, state: AppState) -> AppState:
    return _with_known_answer(
        state, change.answer_id, lambda answer: replace(answer, heard_chars=min(change.heard_chars, len(answer.text)))
    )


@arm.register
def _answer_expired(change: c.AnswerExpired, state: AppState) -> AppState:
    return _with_known_answer(state, change.answer_id, lambda answer: replace(answer, expired=True))


@arm.register
def _question_raised(change: c.QuestionRaised, state: AppState) -> AppState:
    if state.question(change.question_id) is not None:
        return state
    question = Question(change.question_id, change.at_ms, change.text, change.stream, change.key, change.scope)
    return replace(state, questions=(*state.questions, question)[-QUESTIONS_KEPT:])


@arm.register
def _question_queued(change: c.QuestionQueued, state: AppState) -> AppState:
    questions = _with_question(
        state.questions, change.question_id, lambda each: replace(each, waiting=True, dropped="")
    )
    return replace(state, questions=questions)


@arm.register
def _question_dropped(change: c.QuestionDropped, state: AppState) -> AppState:
    questions = _with_question(
        state.questions, change.question_id, lambda each: replace(each, waiting=False, dropped=change.cause)
    )
    return replace(state, questions=questions)


@arm.register
def _draft_judged(change: c.DraftJudged, state: AppState) -> AppState:
    answers = tuple(
        replace(answer, verdict=change.verdict) if answer.question_id == change.question_id else answer
        for answer in state.answers
    )
    return replace(state, answers=answers)
