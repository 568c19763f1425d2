"""What the two assistants made of each question: both lanes tell one story, so that nobody reads a wrong draft out."""

from __future__ import annotations

import operator
from functools import cached_property
from typing import Literal

from sentra_tui.domain.briefing import SPEAKERS, WHAT_NOW
from sentra_tui.domain.question import Question
from sentra_tui.domain.state import UNFINISHED, Answer, AnswerStatus, AppState, Lane, Verdict
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.entries import Entry, Tone, Voice, capped
from sentra_tui.ui.words import Word

HEAD_CHARS = 400
CAUSE_CHARS = 300
HEARD = "▪ cut: heard up to here"

Check = Literal["", "working", "stopped", "failed", "done"]
"""How far the main assistant is with the question of a draft."""

_ENDS = {
    AnswerStatus.CANCELLED: Word("▪", "cut", "quiet"),
    AnswerStatus.INCOMPLETE: Word("▪", "cut short", "quiet"),
    AnswerStatus.FAILED: Word("✕", "failed", "bad"),
    AnswerStatus.UNKNOWN: Word("?", "may have run", "busy"),
}
_OF_A_DRAFT = {
    Verdict.CONFIRMED: Word("✓", "confirmed", "good"),
    Verdict.CORRECTED: Word("▸", "corrected: see Main", "busy"),
    Verdict.WITHDRAWN: Word("✕", "withdrawn", "bad"),
}
_BY_MAIN = {
    Verdict.CONFIRMED: Word("✓", "confirmed", "good"),
    Verdict.CORRECTED: Word("▸", "corrected · replaces the aux draft", "busy"),
    Verdict.WITHDRAWN: Word("✕", "withdrawn", "bad"),
}
_CHECKS: dict[AnswerStatus, Check] = {
    AnswerStatus.PROCESSING: "working",
    AnswerStatus.DRAFT: "working",
    AnswerStatus.COMPLETED: "done",
    AnswerStatus.CANCELLED: "stopped",
    AnswerStatus.INCOMPLETE: "stopped",
    AnswerStatus.FAILED: "failed",
    AnswerStatus.UNKNOWN: "stopped",
}
_UNCHECKED: dict[Check, str] = {
    "": "draft",
    "working": "draft",
    "stopped": "draft · not checked",
    "failed": "draft · Main failed",
    "done": "draft · see Main",
}
_TONES: dict[str, Tone] = {"good": "good", "busy": "busy", "bad": "bad"}


class Card:
    """An answer with its question, or a question that is not answered; a new one whenever either changed."""

    def __init__(self, key: str, answer: Answer | None, question: Question | None, check: Check) -> None:
        self.key = key
        """Names it among the cards of a lane."""
        self.answer = answer
        self.question = question
        self.check = check

    @property
    def asked_ms(self) -> int:
        """When it was asked, else when the answer began."""
        if self.question is not None:
            return self.question.at_ms
        return 0 if self.answer is None else self.answer.started_ms

    @cached_property
    def standing(self) -> Word:
        """What became of it, in a word."""
        answer = self.answer
        if answer is None:
            cause = self.question.dropped if self.question is not None else ""
            return Word("▪", clean_line(f"dropped: {cause}", CAUSE_CHARS), "quiet")
        verdict = (_OF_A_DRAFT if answer.lane is Lane.AUX else _BY_MAIN).get(answer.verdict)
        end = _ENDS.get(answer.status)
        if end is not None:
            return end if verdict is None else Word(end.sign, f"{end.text} · {verdict.sign} {verdict.text}", end.tone)
        if verdict is not None:
            return verdict
        return _draft(self) if answer.lane is Lane.AUX else _considered(answer)

    @cached_property
    def entry(self) -> Entry:
        """How a pane shows it."""
        if self.answer is None:
            return Entry("", self.asked_ms, "aside", head=self._head(), remark=_said(self.standing))
        return _answer_entry(self, self.answer, self._head())

    def _head(self) -> str:
        question = self.question
        if question is None:
            return ""
        who = f"{SPEAKERS.get(question.stream, question.stream)}:" if question.stream else "›"
        return clean_line(f"{who} {question.text or WHAT_NOW}", HEAD_CHARS)


def _draft(card: Card) -> Word:
    answer, question = card.answer, card.question
    if answer is None or answer.status in UNFINISHED:
        return Word("◐", "draft", "busy")
    if question is None and not card.check:
        return Word("✓", "completed", "quiet")
    if question is not None and question.dropped:
        return Word("◐", clean_line(f"draft · not checked: {question.dropped}", CAUSE_CHARS), "quiet")
    return Word("◐", _UNCHECKED[card.check], "busy")


def _considered(answer: Answer) -> Word:
    if answer.status is AnswerStatus.PROCESSING:
        return Word("◌", "processing", "busy")
    return Word("◐", "writing", "busy") if answer.status is AnswerStatus.DRAFT else Word("✓", "answered", "good")


def _said(word: Word) -> str:
    return f"{word.sign} {word.text}"


def _answer_entry(card: Card, answer: Answer, head: str) -> Entry:
    text, tail = capped(answer.text)
    if answer.heard_chars is not None:
        text, tail = _heard(text, tail, answer.heard_chars)
    remark = _remark(card, answer)
    return Entry(
        text,
        card.asked_ms,
        _voice(answer),
        "▌" if answer.status in UNFINISHED else " ",
        head,
        tail,
        f"\n{remark}" if remark and (text or tail) else remark,
        "aside" if answer.expired else _TONES.get(card.standing.tone, "aside"),
    )


def _remark(card: Card, answer: Answer) -> str:
    """Return what became of the answer, why, and on a line of its own what helps."""
    told_by_the_cut = answer.heard_chars is not None and card.standing is _ENDS[AnswerStatus.CANCELLED]
    standing = "" if told_by_the_cut else _said(card.standing)
    parts = (standing, clean_line(answer.cause, CAUSE_CHARS))
    first = ": ".join(part for part in parts if part)
    if answer.expired:
        first = f"old · {first}" if first else "old"
    return "\n".join(part for part in (first, clean_line(answer.hint, CAUSE_CHARS)) if part)


def _voice(answer: Answer) -> Voice:
    if answer.lane is Lane.AUX and answer.verdict in (Verdict.CORRECTED, Verdict.WITHDRAWN):
        return "struck"
    if answer.expired:
        return "aside"
    return "interim" if answer.status in UNFINISHED else "words"


def _heard(text: str, tail: str, heard_chars: int) -> tuple[str, str]:
    """Return the words that were heard, and the others behind a mark; a word that was cut in two was not heard."""
    end = min(heard_chars, len(text))
    if end < len(text) and not text[end].isspace():
        end = text.rfind(" ", 0, end) + 1 or end
    heard, rest = text[:end].rstrip(), text[end:].lstrip() + tail
    mark = f"\n{HEARD}" if heard else HEARD
    return heard, f"{mark}\n{rest}" if rest else mark


class Story:
    """The cards of both lanes. A card that did not change stays the same object, and so does a lane of such cards."""

    def __init__(self) -> None:
        self._answers: tuple[Answer, ...] = ()
        self._questions: tuple[Question, ...] = ()
        self._by_id: dict[str, Question] = {}
        self._dropped: list[Question] = []
        self._known: dict[str, Card] = {}
        self._lanes: dict[Lane, tuple[Card, ...]] = dict.fromkeys(Lane, ())

    def cards(self, state: AppState, lane: Lane) -> tuple[Card, ...]:
        """Return the cards of one assistant, oldest first."""
        if state.questions is not self._questions:
            self._by_id = {question.question_id: question for question in state.questions}
            self._dropped = [question for question in state.questions if question.dropped]
        if state.answers is not self._answers or state.questions is not self._questions:
            self._answers, self._questions = state.answers, state.questions
            self._tell()
        return self._lanes[lane]

    def _tell(self) -> None:
        main = [answer for answer in self._answers if answer.lane is Lane.MAIN]
        aux = [answer for answer in self._answers if answer.lane is Lane.AUX]
        checks = {answer.question_id: _CHECKS[answer.status] for answer in main if answer.question_id}
        known, self._known = self._known, {}
        self._lanes[Lane.AUX] = _same_if_equal(
            self._lanes[Lane.AUX],
            [self._card(known, answer.answer_id, answer, checks.get(answer.question_id, "")) for answer in aux],
        )
        cards = [self._card(known, answer.answer_id, answer, "") for answer in main]
        dropped = [each for each in self._dropped if each.question_id not in checks]
        if dropped:
            cards += [self._card(known, f"dropped {each.question_id}", each, "") for each in dropped]
            cards.sort(key=_began_ms)
        self._lanes[Lane.MAIN] = _same_if_equal(self._lanes[Lane.MAIN], cards)

    def _card(self, known: dict[str, Card], key: str, what: Answer | Question, check: Check) -> Card:
        """Return the card of an answer, or of a question that has none."""
        answer, question = (what, self._by_id.get(what.question_id)) if isinstance(what, Answer) else (None, what)
        card = known.get(key)
        if card is None or card.answer is not answer or card.question is not question or card.check != check:
            card = Card(key, answer, question, check)
        self._known[key] = card
        return card


def _same_if_equal(old: tuple[Card, ...], cards: list[Card]) -> tuple[Card, ...]:
    """Return the old lane where its cards are the same objects."""
    return old if len(old) == len(cards) and all(map(operator.is_, old, cards)) else tuple(cards)


def _began_ms(card: Card) -> int:
    return card.asked_ms if card.answer is None else card.answer.started_ms
