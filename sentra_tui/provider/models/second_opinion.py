"""What the rule-based answerer says when it is asked as the main assistant is: a verdict on the draft, then the answer.

It looks for its topic in the question and in what was said around it, so it can know more than the quick lane, which
saw the question alone: of the topics in the question it takes the one that the talk is about, and where the question
has none, the talk's. Of a line that says something first and then asks, only what is asked counts. Where its table has
nothing, it says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from sentra_tui.domain.briefing import DRAFT, QUESTION, TRANSCRIPT, WHAT_NOW
from sentra_tui.provider.models.reply import Answerer, Topic, plain_words

AROUND_LINES = 4
"""How many of the last lines count as said around the question."""
QUESTION_WEIGHT = 3
"""How much more a word of the question says about its topic than a word around it."""

_ASKING = re.compile(r"\b(?:and|but|so) (?=(?:what|how|why|where|when|who|can|could|would|should|do|does|is|are) )")
_LINE = re.compile(r"^(\[\d\d:\d\d:\d\d\]) [^:]+: (.*)$")


class _Line(Struct, frozen=True):
    time: str
    """As it is cited."""
    words: str


def second_opinion(answerer: Answerer, sections: dict[str, str]) -> str:
    """Return the answer to a brief that was taken apart (`briefing.sections`): the verdict's line, then the text."""
    lines = _lines(sections.get(TRANSCRIPT, ""))
    topic = _topic(answerer.topics, sections.get(QUESTION, ""), lines)
    draft = plain_words(sections.get(DRAFT, ""))
    if topic is None:
        return _without_topic(answerer, draft)
    text = topic.more or topic.answer
    cited = _cited(topic, lines)
    answer = f"{text} {cited}" if cited else text
    if not draft.strip():
        return f"ANSWER\n{answer}"
    same = draft in (plain_words(topic.answer), plain_words(topic.more))
    return f"{'CONFIRMED' if same else 'CORRECTED'}\n{answer}"


def _without_topic(answerer: Answerer, draft: str) -> str:
    if not draft.strip():
        return f"ANSWER\n{answerer.unknown}"
    if draft in (plain_words(answerer.unknown), plain_words(answerer.silence)):
        return "WITHDRAWN\nI have nothing on that either."
    return "ANSWER\nI am a small rule-based answerer, have nothing on that, and cannot judge the draft."


def _topic(topics: Sequence[Topic], question: str, lines: Sequence[_Line]) -> Topic | None:
    if question == WHAT_NOW:
        newest = (_best(topics, "", line.words) for line in reversed(lines))
        return next((topic for topic in newest if topic is not None), None)
    around = " ".join(line.words for line in lines[-AROUND_LINES:])
    asked = plain_words(_ASKING.split(plain_words(question))[-1])
    return _best(topics, asked if _best(topics, asked, "") else plain_words(question), around)


def _best(topics: Sequence[Topic], question: str, around: str) -> Topic | None:
    """Return the topic of the question that covers the most of both, or else the one of what was said around it.

    Small talk around a question is not what it is about.
    """
    asked = [topic for topic in topics if topic.covers(question)]
    if asked:
        return max(asked, key=lambda topic: QUESTION_WEIGHT * topic.covers(question) + topic.covers(around))
    said = [topic for topic in topics if topic.covers(around) and not topic.small_talk]
    return max(said, key=lambda topic: topic.covers(around), default=None)


def _cited(topic: Topic, lines: Sequence[_Line]) -> str:
    """Return the time of the line that says the most of the topic, the newest of equals; empty where none does."""
    best = max(reversed(lines), key=lambda line: topic.covers(line.words), default=None)
    return best.time if best is not None and topic.covers(best.words) else ""


def _lines(transcript: str) -> list[_Line]:
    matches = filter(None, map(_LINE.match, transcript.splitlines()))
    return [_Line(match[1], plain_words(match[2])) for match in matches]
