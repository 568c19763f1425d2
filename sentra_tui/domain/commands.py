"""What the user tells the program by voice.

Only a line that is a command from its first word to its last counts: in a meeting, words such as "stop" are said of
other things all the time. The lines are data, `commands.toml`, by language; whose microphone may give commands is the
caller's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from msgspec import Struct

from sentra_tui.domain.actions import Action, Ask, CancelAnswer, NoteLine, RepeatAnswer, SetMute, StepSpeed
from sentra_tui.domain.shipped import nearest_language, read_shipped
from sentra_tui.domain.state import MIC

CHARS_MAX = 2000
"""A longer line is no command."""

_ASK = "ask"
_ACTIONS: dict[str, Action] = {
    "cancel": CancelAnswer(),
    "repeat": RepeatAnswer(),
    "slower": StepSpeed(-1),
    "faster": StepSpeed(1),
    "mute": SetMute(MIC, True),
    "note": NoteLine(),
    _ASK: Ask(),
}
_PUNCTUATION = re.compile(r"^[\W_]+|[\W_]+$")

Words = tuple[str, ...]


class _Rules(Struct, frozen=True):
    around: list[str]
    links: list[str]
    commands: dict[str, list[str]]


class _Grammar(Struct, frozen=True):
    """One language, its lines as words."""

    around: frozenset[Words]
    links: frozenset[Words]
    lines: dict[Words, str]


def command_in(text: str, language: str = "") -> Action | None:
    """Return what a final line of the user's own speech commands, or None where it is ordinary speech.

    `language` is ISO 639-1, a region may follow; one that is empty or not in the table is taken for English. The
    question of an `Ask` is in the user's own words, empty where none follows.
    """
    if len(text) > CHARS_MAX:
        return None
    spoken = [(word, plain) for word in text.split() if (plain := _plain(word))]
    grammar = _compiled(nearest_language(language, _table()))
    for first, last in _cores(tuple(plain for _, plain in spoken), grammar.around):
        action = _action(spoken[first:last], grammar)
        if action is not None:
            return action
    return None


def _action(spoken: Sequence[tuple[str, str]], grammar: _Grammar) -> Action | None:
    words = tuple(plain for _, plain in spoken)
    command = grammar.lines.get(words)
    if command is not None:
        return _ACTIONS[command]
    for length in range(len(words) - 1, 0, -1):
        if grammar.lines.get(words[:length]) == _ASK and _begins(words[length:], grammar.links):
            return Ask(question=" ".join(word for word, _ in spoken[length:]))
    return None


def _cores(words: Words, around: frozenset[Words]) -> list[tuple[int, int]]:
    """Return where what is left begins and ends, with ever more taken off in front and behind."""
    begins = [0]
    while (taken := _begins(words[begins[-1] :], around)) > 0:
        begins.append(begins[-1] + taken)
    ends = [len(words)]
    while (taken := _ends(words[: ends[-1]], around)) > 0:
        ends.append(ends[-1] - taken)
    return [(first, last) for last in reversed(ends) for first in begins if first < last]


def _begins(words: Words, phrases: frozenset[Words]) -> int:
    """Return of how many words the longest phrase is with which `words` begins; 0 where there is none."""
    return max((len(phrase) for phrase in phrases if words[: len(phrase)] == phrase), default=0)


def _ends(words: Words, phrases: frozenset[Words]) -> int:
    return max((len(phrase) for phrase in phrases if words[-len(phrase) :] == phrase), default=0)


def _plain(word: str) -> str:
    return _PUNCTUATION.sub("", word.casefold().replace("’", "'"))


@cache
def _table() -> dict[str, _Rules]:
    return read_shipped("commands.toml", dict[str, _Rules])


@cache
def _compiled(language: str) -> _Grammar:
    rules = _table()[language]
    return _Grammar(
        around=frozenset(tuple(phrase.split()) for phrase in rules.around),
        links=frozenset(tuple(phrase.split()) for phrase in rules.links),
        lines={tuple(line.split()): command for command, lines in rules.commands.items() for line in lines},
    )
