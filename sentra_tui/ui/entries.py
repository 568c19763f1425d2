"""What a pane shows of a transcript line or of an answer: one entry, however it came about."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sentra_tui.domain.transcript import Line
from sentra_tui.ui.echoes import HiddenEchoes

CHARS_SHOWN = 20_000
"""A longer text is capped in view: wrapping half a megabyte each delta would be felt."""

Voice = Literal["words", "interim", "aside", "struck", "rule"]
"""How the words of an entry are drawn: final, still to change, quiet, not to be read out, or on a line across."""

Tone = Literal["aside", "good", "busy", "bad"]
"""How the remark of an entry is coloured."""


class Entry(Struct, frozen=True):
    """One entry of a pane."""

    text: str
    at_ms: int
    """When it began, in milliseconds since the engine started."""
    voice: Voice = "words"
    mark: str = " "
    """One cell before the first row; of an interim entry before every row."""
    head: str = ""
    """A quiet first row of its own, cut where it is too long; it has no newline."""
    tail: str = ""
    """What stands quietly behind the text."""
    remark: str = ""
    """What became of it, behind everything."""
    tone: Tone = "aside"

    @property
    def text_at(self) -> int:
        """Where in the body the text begins."""
        return len(self.head) + 1 if self.head else 0

    @property
    def tail_at(self) -> int:
        """Where in the body the text ends."""
        return self.text_at + len(self.text)

    @property
    def body(self) -> str:
        """Everything: what is wrapped."""
        words = self.text + self.tail + self.remark if self.tail or self.remark else self.text
        return f"{self.head}\n{words}" if self.head else words


def capped(text: str) -> tuple[str, str]:
    """Return what is shown of a text, and a remark about the rest."""
    if len(text) <= CHARS_SHOWN:
        return text, ""
    return text[:CHARS_SHOWN], f" … {len(text) - CHARS_SHOWN:,} more characters"


def line_entry(line: Line) -> Entry:
    """Return the entry of a transcript line."""
    noted = "✎" if line.noted else ""
    if line.kind == "gap":
        return Entry(f" {line.text} ", line.start_ms, "rule", "┄")
    if line.echo:
        text, rest = capped(line.text)
        return Entry(text, line.start_ms, "aside", noted or "~", tail=rest)
    if line.failed:
        return Entry("(not recognised)", line.start_ms, "aside", noted or " ")
    text, rest = capped(line.text)
    if not line.final:
        return Entry(text, line.start_ms, "interim", "▌", tail=f"{rest} ⋯" if text else "⋯")
    return Entry(text, line.start_ms, mark=noted or _origin(line), tail=rest)


def _origin(line: Line) -> str:
    """Return the mark of where a line's words come from: nothing where they were heard as they were said."""
    if line.kind == "typed":
        return "›"
    return "↺" if line.recovered else " "


def hidden_entry(hidden: HiddenEchoes, key: str) -> Entry:
    """Return the entry of echoes that are not shown; `key` shows them."""
    count = len(hidden.lines)
    what = "echo" if count == 1 else f"{count} echoes"
    return Entry(f" {what} hidden ({key} shows)", hidden.lines[0].start_ms, "aside", "~")
