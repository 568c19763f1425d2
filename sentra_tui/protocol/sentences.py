"""Sentences of an answer while it is written, so that the first is heard while the next comes."""

from __future__ import annotations

import re

CLAUSE_CHARS_MIN = 25
"""How long the first clause must be to be said by itself: shorter ones leave a gap before the next is ready."""
SENTENCE_CHARS_MAX = 400
"""What has no end by then is cut at a space."""

_CLOSERS = "\"'”’»›)\\]}」』）】*_`"
_CANDIDATE = re.compile(
    rf"""(?P<line>\n)
    | (?P<wide>[。！？｡]+[{_CLOSERS}]*)
    | (?P<stop>[.!?…]+)(?P<closers>[{_CLOSERS}]*)
    | (?P<clause>[,;:])
    | (?P<wide_clause>[，、；：])
    | (?P<dash>(?<=\s)[-–—](?=\s))""",
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"[\w.]+\Z")
_WORD = re.compile(r"\w")
_LIST_MARK = re.compile(r"\W*(?:\d{1,3}|[^\W\d_])")
_DOTTED = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+")
_NEVER_LAST = frozenset(
    {
        "Dr", "Mr", "Mrs", "Ms", "Prof", "Sr", "Sra", "St", "Mt", "Gen", "Col", "Lt", "Sgt", "Rev", "Hon", "Hr", "Fr",
        "vs", "approx", "ca", "cf", "al", "esp", "resp", "bzw", "vgl", "inkl", "ggf",
    }
)  # fmt: skip
_BEFORE_A_NUMBER = frozenset({"no", "nr", "fig", "figs", "sec", "vol", "vols", "p", "pp", "ch", "eq", "art"})
_SELDOM_LAST = frozenset({"etc", "inc", "ltd", "co", "corp", "jr", "usw", "a.m", "p.m"})


class SentenceSplitter:
    """Takes an answer as it comes; gives whole sentences, each as soon as it is sure to be one.

    An answer's first piece may be a clause, so that sound begins early. A line's end ends a sentence too. The same
    text gives the same sentences, however it was cut. Nothing but the space between them is lost.
    """

    def __init__(self) -> None:
        self._text = ""
        self._first = True

    def feed(self, delta: str) -> list[str]:
        """Return the sentences that `delta` completes."""
        self._text = (self._text + delta).lstrip()
        return self._take(at_end=False)

    def flush(self) -> list[str]:
        """Return what is left: the answer has ended, and the next one begins."""
        sentences = self._take(at_end=True)
        rest, self._text, self._first = self._text.strip(), "", True
        return [*sentences, rest] if rest else sentences

    def _take(self, *, at_end: bool) -> list[str]:
        sentences = []
        while cut := self._cut(at_end=at_end):
            sentences.append(self._text[:cut].rstrip())
            self._text = self._text[cut:].lstrip()
            self._first = False
        return sentences

    def _cut(self, *, at_end: bool) -> int:
        """Return how long the next sentence is, 0 while that is not known."""
        for candidate in _CANDIDATE.finditer(self._text):
            if candidate.start() >= SENTENCE_CHARS_MAX:
                break
            if candidate.end() == len(self._text) and not at_end and not candidate["line"]:
                return 0
            ends = self._is_end(candidate, at_end=at_end)
            if ends is None:
                return 0
            if ends:
                return candidate.end()
        if len(self._text) <= SENTENCE_CHARS_MAX:
            return 0
        space = self._text.rfind(" ", 0, SENTENCE_CHARS_MAX)
        return space if space > 0 else SENTENCE_CHARS_MAX

    def _is_end(self, candidate: re.Match[str], *, at_end: bool) -> bool | None:
        """Return whether a sentence, or a first clause, ends here; None while what follows must show it."""
        follows = self._text[candidate.end() : candidate.end() + 1]
        if candidate["stop"]:
            return False if follows and not follows.isspace() else self._is_stop(candidate, at_end=at_end)
        if candidate["line"] or candidate["wide"]:
            return bool(_WORD.search(self._text, 0, candidate.start()))
        if not candidate["wide_clause"] and follows and not follows.isspace():
            return False
        return self._first and candidate.end() >= CLAUSE_CHARS_MIN

    def _is_stop(self, candidate: re.Match[str], *, at_end: bool) -> bool | None:
        """Return whether a sentence ends at these points, marks and closing quotes, behind which is space."""
        before = self._text[: candidate.start()]
        if not _WORD.search(before) or _LIST_MARK.fullmatch(before):
            return False
        word = _last_word(before) if candidate["stop"] == "." else ""
        if word in _NEVER_LAST or _is_initial(word) or (_DOTTED.fullmatch(word) and word not in _SELDOM_LAST):
            return False
        trails_off = candidate["stop"].strip(".…") == "" and candidate["stop"] != "."
        if word.lower() in _BEFORE_A_NUMBER:
            stops = _says_no_number
        elif trails_off or candidate["closers"] or word.lower() in _SELDOM_LAST:
            stops = _says_no_small_letter
        else:
            return True
        follows = self._text[candidate.end() :].lstrip()
        return stops(follows) if follows or at_end else None


def _last_word(text: str) -> str:
    found = _LAST_WORD.search(text[-20:])
    return found[0] if found else ""


def _is_initial(word: str) -> bool:
    """Return whether it is one capital letter, as of a first name, and no sentence that ends in `I`."""
    return len(word) == 1 and word.isupper() and word != "I"


def _says_no_number(text: str) -> bool:
    return not text[:1].isdigit()


def _says_no_small_letter(text: str) -> bool:
    return not text[:1].islower()
