"""What of a changing hypothesis may be told already.

Transcript deltas of the Realtime API only ever append, while a recogniser changes its mind. Two hypotheses in a row
that agree on a word, and on all before it, are taken as its last word.
"""

from __future__ import annotations


class StableWords:
    """Turns hypotheses of one utterance into deltas."""

    def __init__(self) -> None:
        self._last: list[str] = []
        self._told = 0

    def feed(self, hypothesis: str) -> str:
        """Return the delta that this hypothesis allows, mostly nothing."""
        words = hypothesis.split()
        agreed = 0
        for before, now in zip(self._last, words, strict=False):
            if before != now:
                break
            agreed += 1
        self._last = words
        delta = words[self._told : agreed]
        if not delta:
            return ""
        joint = " " if self._told else ""
        self._told = agreed
        return joint + " ".join(delta)
