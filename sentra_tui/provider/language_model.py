"""A small trigram language model, in ARPA form, of a text that is known beforehand.

Absolute discounting with back-off: each seen n-gram gives up a fixed part of its count to the unseen ones.
Form: https://cmusphinx.github.io/wiki/arpaformat/
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

DISCOUNT = 0.5
_NEVER = -99.0
"""The logarithm that ARPA files write for zero."""

Gram = tuple[str, ...]


def arpa_trigram(sentences: Iterable[Sequence[str]]) -> str:
    """Return the ARPA text of a trigram model of these sentences, each a sequence of words."""
    framed = [("<s>", *words, "</s>") for words in sentences]
    counts: list[Counter[Gram]] = [Counter(_grams(framed, order)) for order in (1, 2, 3)]
    probabilities = _probabilities(counts)
    lines = ["\\data\\", *(f"ngram {order}={len(counts[order - 1])}" for order in (1, 2, 3))]
    for order in (1, 2, 3):
        lines += ["", f"\\{order}-grams:"]
        for gram in sorted(counts[order - 1]):
            backoff = "" if order == 3 else f"\t{_log(_backoff(gram, probabilities)):.4f}"
            lines.append(f"{_log(probabilities[gram]):.4f}\t{' '.join(gram)}{backoff}")
    return "\n".join([*lines, "", "\\end\\", ""])


def _grams(sentences: list[Gram], order: int) -> Iterable[Gram]:
    for words in sentences:
        yield from (words[start : start + order] for start in range(len(words) - order + 1))


def _probabilities(counts: list[Counter[Gram]]) -> dict[Gram, float]:
    """Return how probable each n-gram's last word is after the words before it."""
    spoken = {gram: count for gram, count in counts[0].items() if gram != ("<s>",)}
    total = sum(spoken.values())
    probabilities: dict[Gram, float] = {("<s>",): 0.0}
    probabilities |= {gram: count / total for gram, count in spoken.items()}
    for order in (2, 3):
        followed: Counter[Gram] = Counter()
        for gram, count in counts[order - 1].items():
            followed[gram[:-1]] += count
        for gram, count in counts[order - 1].items():
            probabilities[gram] = (count - DISCOUNT) / followed[gram[:-1]]
    return probabilities


def _backoff(history: Gram, probabilities: dict[Gram, float]) -> float:
    """Return the weight of the shorter history where a word was never seen after this one."""
    length = len(history) + 1
    seen = [gram for gram in probabilities if len(gram) == length and gram[:-1] == history]
    left = 1 - sum(probabilities[gram] for gram in seen)
    shorter = 1 - sum(probabilities[gram[1:]] for gram in seen)
    return left / shorter if seen and shorter > 0 else 1.0


def _log(value: float) -> float:
    return math.log10(value) if value > 0 else _NEVER
