"""The first line of a main answer, in which it says what becomes of the draft."""

from __future__ import annotations

import re

from sentra_tui.domain.state import Verdict

_WORDS = {
    "CONFIRMED": Verdict.CONFIRMED,
    "CORRECTED": Verdict.CORRECTED,
    "WITHDRAWN": Verdict.WITHDRAWN,
    "ANSWER": Verdict.NONE,
}
_DECORATION = " \t*_#:.!-`[]\"'"
"""What models put around a word that was to stand alone."""
_BEFORE_WORDS = re.compile(rf"[\s*_#`]{{0,4}}({'|'.join(_WORDS)})[*_`]{{0,2}}(?:[:.!]| [-–—] )[*_`]{{0,2}}")
"""A verdict in capitals that the answer follows on the same line, as some models have it."""
_LONGEST = 4 + max(map(len, _WORDS)) + 2 + 3 + 2


class VerdictReader:
    """Splits the verdict from the words that follow it, while they come.

    A model that forgets the verdict loses no word by it: `verdict` is then None, and all of its text is the answer.
    """

    def __init__(self) -> None:
        self.verdict: Verdict | None = None
        self._head: str | None = ""
        self._begun = False

    def feed(self, delta: str) -> str:
        """Take more of the text; return what of it is answer."""
        if self._head is None:
            return self._answer(delta)
        self._head += delta
        line, newline, rest = self._head.lstrip().partition("\n")
        if not newline and len(line) < _LONGEST:
            return ""
        return self._decide(line, rest if newline else "")

    def end(self) -> str:
        """Return what of the text is answer and was held back."""
        return "" if self._head is None else self._decide(self._head.strip(), "")

    def _decide(self, line: str, rest: str) -> str:
        held, self._head = self._head or "", None
        verdict = _WORDS.get(line.strip(_DECORATION).upper())
        if verdict is None:
            found = _BEFORE_WORDS.match(line)
            if found is None:
                return self._answer(held)
            verdict, rest = _WORDS[found[1]], held.lstrip()[found.end() :]
        self.verdict = verdict
        return self._answer(rest)

    def _answer(self, text: str) -> str:
        words = text if self._begun else text.lstrip()
        self._begun = self._begun or bool(words)
        return words


def split_verdict(text: str) -> tuple[Verdict | None, str]:
    """Return the verdict and the answer of a whole text."""
    reader = VerdictReader()
    answer = reader.feed(text) + reader.end()
    return reader.verdict, answer
