"""The answerer: a table of technical topics, matched on the words of the last turn. It never pretends to know more."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import msgspec
from msgspec import Struct

_NOT_A_WORD = re.compile(r"[^a-z0-9']+")


class Topic(Struct, frozen=True):
    """Words or phrases, and what to say when they were said."""

    words: list[str]
    answer: str
    more: str = ""
    """The considered answer, for who is not in a hurry."""
    small_talk: bool = False
    """Nothing that a question around it could be about."""

    def covers(self, plain: str) -> int:
        """Return how many of these plain words are this topic's; a phrase counts for more than its words."""
        phrases = (plain_words(phrase) for phrase in self.words)
        return sum(len(phrase.split()) ** 2 for phrase in phrases if phrase in plain)


class Answerer(Struct, frozen=True):
    """All it knows."""

    unknown: str
    silence: str
    topics: list[Topic]

    def answer(self, turn: str) -> str:
        """Return the answer to the last turn: of the topic whose phrases cover the most of it."""
        spoken = plain_words(turn)
        if not spoken.strip():
            return self.silence
        best = max(self.topics, key=lambda topic: topic.covers(spoken))
        return best.answer if best.covers(spoken) else self.unknown


def load_answerer() -> Answerer:
    """Return the answerer that ships with the package."""
    text = resources.files("sentra_tui.provider.models").joinpath("replies.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Answerer)


def plain_words(text: str) -> str:
    """Return the words alone, with one space around each."""
    return f" {_NOT_A_WORD.sub(' ', text.lower()).strip()} ".replace("  ", " ")
