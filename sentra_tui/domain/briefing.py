"""What the main assistant is sent: both sides of the talk as labelled lines, the draft, and the question.

Everything that people said stands between marks that nobody can guess, a new one for each request, so that words of a
transcript cannot pass for words of ours ("spotlighting", https://arxiv.org/abs/2403.14720).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from msgspec import Struct

WHAT_NOW = "What should I say now?"
"""The question that an empty one stands for."""
SPEAKERS = {"mic": "You", "speaker": "Them"}
TRANSCRIPT, DRAFT, QUESTION = "transcript", "draft", "question"

CITATION = re.compile(r"\[(\d\d:\d\d:\d\d)\]")
"""How an answer names a line: by its time of day."""
_CITED = re.compile(rf"\s*{CITATION.pattern}")

_BEGIN = re.compile(r"^--- (?!end )(\w+) ([0-9a-f]{8,}) ---$", re.MULTILINE)


class BriefLine(Struct, frozen=True):
    """One line of the talk."""

    stream: str
    at_ms: int
    text: str


class Brief(Struct, frozen=True, kw_only=True):
    """All that one request says."""

    question: str
    asked_by: str = ""
    """The stream in which it was asked; empty for the keyboard."""
    asked_at_ms: int = 0
    draft: str = ""
    lines: tuple[BriefLine, ...] = ()
    """In the order in which they were said, not before."""


def compose(brief: Brief, started_at: float, mark: str) -> str:
    """Return the request as text. `mark` is random; `started_at` is the wall clock at zero, seconds since 1970."""
    sections = []
    if brief.lines:
        lines = (line_text(line, started_at) for line in brief.lines)
        sections.append(f"What was said:\n{_section(TRANSCRIPT, lines, mark)}")
    if brief.draft:
        sections.append(f"The quick draft:\n{_section(DRAFT, [brief.draft], mark)}")
    by = SPEAKERS.get(brief.asked_by, brief.asked_by or "your user, in writing")
    asked = f"The question, asked by {by} at {time_of_day(started_at, brief.asked_at_ms)}:"
    sections.append(f"{asked}\n{_section(QUESTION, [brief.question or WHAT_NOW], mark)}")
    return "\n\n".join(sections)


def line_text(line: BriefLine, started_at: float) -> str:
    """Return a line as assistants read it: the time by which it is cited, who, and what."""
    words = " ".join(line.text.split())
    return f"{time_of_day(started_at, line.at_ms)} {SPEAKERS.get(line.stream, line.stream)}: {words}"


def time_of_day(started_at: float, at_ms: int) -> str:
    """Return the time that is cited, as `[12:03:40]`, in the zone of this machine."""
    return time.strftime("[%H:%M:%S]", time.localtime(started_at + at_ms / 1000))


def without_citations(text: str) -> str:
    """Return an answer as it is spoken: nobody wants to hear times of day."""
    return " ".join(_CITED.sub("", text).split())


def sections(text: str) -> dict[str, str]:
    """Return the parts of a composed request by their names; what stands between foreign marks is none."""
    found: dict[str, str] = {}
    first = _BEGIN.search(text)
    if first is None:
        return found
    mark = first[2]
    for begin in _BEGIN.finditer(text):
        name, its_mark = begin.groups()
        end = text.find(f"\n--- end {mark} ---", begin.end() - 1)
        if its_mark == mark and end >= 0:
            found.setdefault(name, text[begin.end() : end].strip())
    return found


def without_transcript(text: str) -> str:
    """Return a composed request without what was said: its draft and its question, as a later request repeats them."""
    first = _BEGIN.search(text)
    if first is None or first[1] != TRANSCRIPT:
        return text
    _, end, rest = text[first.end() - 1 :].partition(f"\n--- end {first[2]} ---")
    return rest.lstrip("\n") if end else text


def _section(name: str, lines: Iterable[str], mark: str) -> str:
    return "\n".join([f"--- {name} {mark} ---", *lines, f"--- end {mark} ---"])
