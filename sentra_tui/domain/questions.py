"""Whether what somebody said asks something.

Recognisers often write neither question marks nor capitals, so the words decide too: how a clause begins, and what
people say around a question. The words are data, `questions.toml`, by language.
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct

from sentra_tui.domain.shipped import nearest_language, read_shipped

ENDS_CHARS = 1000
"""Of a longer line, so much of its beginning and of its end is judged: that takes time, and the loop waits."""

_ASKED = re.compile(r"[?？؟⁇⁈⁉](?=[\s\"'”’»)\]!?]|$)|？|[\u0370-\u03ff\u1f00-\u1fff]\s?[;\u037e](?=\s|$)")
"""A mark that ends a sentence, not one inside an address; in Greek it is a semicolon."""
_CLAUSE_END = re.compile(r"[.!?…:;,。！？、，؟]+(?=\s|$)|[。！？、，]|\s[-–—]+\s")
_QUOTES = re.compile(r"[\"“”„«»‹›()\[\]¿¡]")
_TAKEN_OUT = " … "


class _Rules(Struct, frozen=True):
    lead: list[str]
    aside: list[str]
    openers: list[str]
    phrases: list[str]


class _Grammar(Struct, frozen=True):
    """One language, compiled."""

    lead: re.Pattern[str]
    aside: re.Pattern[str]
    asks: re.Pattern[str]


def is_question(text: str, language: str = "") -> bool:
    """Return whether a final line of speech asks something.

    `language` is ISO 639-1, a region may follow; one that is empty or not in the table is taken for English.
    """
    if len(text) > 2 * ENDS_CHARS:
        text = f"{text[:ENDS_CHARS]}. {text[-ENDS_CHARS:]}"
    if _ASKED.search(text):
        return True
    grammar = _compiled(nearest_language(language, _table()))
    return any(_asks(clause, grammar) for clause in _clauses(text))


def _clauses(text: str) -> list[str]:
    plain = _QUOTES.sub(" ", text.casefold().replace("’", "'"))
    return [" ".join(clause.split()) for clause in _CLAUSE_END.split(plain)]


def _asks(clause: str, grammar: _Grammar) -> bool:
    words = grammar.lead.sub("", clause, count=1)
    rest = " ".join(grammar.aside.sub(_TAKEN_OUT, words).split())
    return grammar.asks.search(rest) is not None


@cache
def _table() -> dict[str, _Rules]:
    return read_shipped("questions.toml", dict[str, _Rules])


@cache
def _compiled(language: str) -> _Grammar:
    rules = _table()[language]
    openers = [f"^(?:{rule})" for rule in rules.openers]
    return _Grammar(
        lead=re.compile(rf"^(?:(?:{'|'.join(rules.lead)})(?:\s+|$))+" if rules.lead else "^"),
        aside=re.compile("|".join(rules.aside)),
        asks=re.compile("|".join([*openers, *rules.phrases])),
    )
