"""Which lines of the microphone are what another stream said, heard again through the room.

An echo comes after what it echoes, soon, and in the same words; recognisers hear it worse than the original. So each
word is given the time at which it was about said, words are paired in their order where the microphone's comes a
little later, and a line most of whose words have a partner is an echo. Somebody who says the same first, or repeats
it once the other has ended, is not. In doubt a line is not an echo: nobody's own words may be hidden.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

EARLY_MS = 250
"""So much earlier than the other stream the microphone may seem to be: how precisely a turn's begin is known."""
EARLY_SHARE, EARLY_MOST_MS = 0.25, 1_500
"""Inside a line, words are where they would be if all took as long: so much more may be wrong, of the distance to
the line's nearer end.
"""
LATE_MS, LATE_SHORT_MS = 3_000, 1_500
"""How late an echo may be; and one of fewer than `LONG_WORDS`."""
AFTER_END_MS, LATE_AFTER_END_MS = 300, 1_000
"""A line that begins after the other's end is the room's only if it is hardly late at all."""
SIMULTANEOUS_MS = 400

SHORT_WORDS, LONG_WORDS = 4, 8
"""Fewer words than the first are said by everybody all the time: they must be the whole line, and simultaneous."""
SHARE, SHARE_SHORT = 0.7, 0.75
OWN_WORDS_AT_ENDS, OWN_WORDS_INSIDE = 2, 3
"""More words in a row than this that the other did not say are the user's own."""
WORDS_MOST = 150
"""A longer line is not judged: pairing takes time, and the loop waits."""
REACH_MS = 120_000
"""No line that matters begins longer before: turns are shorter."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
"""In Chinese and Japanese each character: words are not told apart there."""
_INSIDE = re.compile(r"(?<=\w)['’ʼ](?=\w)|(?<=\d)[.,](?=\d)")
_NUMBER = "#"
_IS_NUMBER = re.compile(
    r"\d.*|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(thir|four|fif|six|seven|eigh|nine)teen"
    r"|(twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|[mb]illion"
)
_SIGNS = str.maketrans({"%": " percent ", "&": " and "})


class Utterance(Struct, frozen=True):
    """What was said, and when: milliseconds on one clock. A turn that goes on ends now."""

    text: str
    start_ms: int
    end_ms: int


class _Word(Struct, frozen=True):
    text: str
    at_ms: float
    slack_ms: float
    """How much earlier or later it may have been."""
    line: int


def words_of(text: str) -> list[str]:
    """Return the words as recognisers agree on them: no case, no punctuation, a number however it is written as `#`."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_SIGNS)
    words: list[str] = []
    for word in _WORD.findall(_INSIDE.sub("", plain)):
        plain_word = _NUMBER if _IS_NUMBER.fullmatch(word) else word
        if plain_word != _NUMBER or words[-1:] != [_NUMBER]:
            words.append(plain_word)
    return words


def is_echo(heard: Utterance, said: Sequence[Utterance]) -> bool:
    """Return whether the microphone's line repeats what another stream said around then, in any number of lines."""
    mic = _timed(heard, 0)
    lines = [line for line in said if _near(heard, line)]
    if not 0 < len(mic) <= WORDS_MOST or not lines:
        return False
    if len(mic) < SHORT_WORDS:
        return any(_same_at_once(heard, line) for line in lines)
    lines.sort(key=lambda line: (line.start_ms, line.end_ms, line.text))
    other = [word for number, line in enumerate(lines) for word in _timed(line, number)][-2 * WORDS_MOST :]
    least = (SHARE if len(mic) >= LONG_WORDS else SHARE_SHORT) * len(mic)
    common = Counter(word.text for word in mic) & Counter(word.text for word in other)
    if common.total() < least:
        return False
    partners = _partners(mic, other, _Lateness(heard, lines, len(mic)))
    first = next((other[index] for index in partners if index is not None), None)
    if first is None or heard.start_ms < lines[first.line].start_ms - EARLY_MS:
        return False
    paired = [index is not None for index in partners]
    return sum(paired) >= least and not _has_own_words(paired)


def _near(heard: Utterance, line: Utterance) -> bool:
    """Whether a line could be what is heard, by its time alone."""
    return heard.start_ms - REACH_MS <= line.start_ms <= heard.end_ms and line.end_ms + LATE_MS >= heard.start_ms


def _same_at_once(heard: Utterance, line: Utterance) -> bool:
    late_ms = heard.start_ms - line.start_ms
    return -EARLY_MS <= late_ms <= SIMULTANEOUS_MS and words_of(heard.text) == words_of(line.text)


def _timed(line: Utterance, number: int) -> list[_Word]:
    """Return the words of a line, spread over its time."""
    words = words_of(line.text)
    lasts_ms = max(0, line.end_ms - line.start_ms)
    step_ms = lasts_ms / max(1, len(words))
    return [
        _Word(word, line.start_ms + index * step_ms, min(index * step_ms, lasts_ms - index * step_ms), number)
        for index, word in enumerate(words)
    ]


class _Lateness:
    """How late the words of a line of the microphone may be, against those of each line of the other stream."""

    def __init__(self, heard: Utterance, lines: Sequence[Utterance], words: int) -> None:
        late_ms = LATE_MS if words >= LONG_WORDS else LATE_SHORT_MS
        self._late_ms = [
            late_ms if heard.start_ms <= line.end_ms + AFTER_END_MS else LATE_AFTER_END_MS for line in lines
        ]

    def allows(self, mic: _Word, other: _Word) -> bool:
        slack_ms = min(EARLY_MOST_MS, EARLY_SHARE * (mic.slack_ms + other.slack_ms))
        return -EARLY_MS - slack_ms <= mic.at_ms - other.at_ms <= self._late_ms[other.line]


def _partners(mic: Sequence[_Word], other: Sequence[_Word], lateness: _Lateness) -> list[int | None]:
    """Return the partner of each word of the microphone, in the longest pairing that keeps the order of both."""
    table = [[0] * (len(other) + 1)]
    for word in mic:
        above, row = table[-1], [0]
        for index, partner in enumerate(other):
            if word.text == partner.text and lateness.allows(word, partner):
                row.append(above[index] + 1)
            else:
                row.append(max(above[index + 1], row[index]))
        table.append(row)
    return _trace(table)


def _trace(table: list[list[int]]) -> list[int | None]:
    partners: list[int | None] = [None] * (len(table) - 1)
    column = len(table[0]) - 1
    for row in range(len(table) - 1, 0, -1):
        while column and table[row][column] == table[row][column - 1]:
            column -= 1
        if table[row][column] > table[row - 1][column]:
            column -= 1
            partners[row - 1] = column
    return partners


def _has_own_words(paired: Sequence[bool]) -> bool:
    runs = "".join(".x"[each] for each in paired)
    inside = max(map(len, runs.strip(".").split("x")), default=0)
    before, after = len(runs) - len(runs.lstrip(".")), len(runs) - len(runs.rstrip("."))
    return inside > OWN_WORDS_INSIDE or max(before, after) > OWN_WORDS_AT_ENDS
