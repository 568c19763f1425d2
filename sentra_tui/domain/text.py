"""Text from outside, made safe to show.

A terminal obeys what is inside a transcript: escape sequences change its title and its clipboard, bidirectional
controls reorder a line, and invisible characters hide words. `clean` works on characters, not on sequences, because
a sequence may be split over two deltas: once its introducer is a visible glyph, the rest is ordinary text, wherever
the cut was. References: ECMA-48 (C0 and C1 controls), UAX #9 (bidirectional controls), UTS #51 and UTS #55.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MARKS_IN_A_ROW = 4
TAB_WIDTH = 4

_CONTROL_PICTURES = 0x2400
_REPLACEMENT = "\ufffd"

_BIDI_CONTROLS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_INVISIBLE = (
    0x00AD, 0x115F, 0x1160, 0x180E, 0x200B, 0x2060, *range(0x2061, 0x2066), *range(0x206A, 0x2070), 0x3164,
    0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0),
)  # fmt: skip
_LINE_BREAKS = (0x85, 0x2028, 0x2029)
_KEPT_CONTROLS = (0x09, 0x0A)


def _translation() -> dict[int, str]:
    table = {code: chr(_CONTROL_PICTURES + code) for code in range(0x20) if code not in _KEPT_CONTROLS}
    table[0x7F] = "\u2421"
    table.update(dict.fromkeys(range(0x80, 0xA0), _REPLACEMENT))
    table.update(dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT))
    table.update(dict.fromkeys(_BIDI_CONTROLS, ""))
    table.update(dict.fromkeys(_INVISIBLE, ""))
    table.update(dict.fromkeys(_LINE_BREAKS, "\n"))
    return table


def _character_class(codes: Iterable[int]) -> str:
    """Return a regular expression for one of `codes`, as ranges: quick to compile, and so to start."""
    ordered = sorted(codes)
    begins = [code for code, before in zip(ordered, [-2, *ordered], strict=False) if code != before + 1]
    ends = [code for code, after in zip(ordered, [*ordered[1:], -2], strict=True) if code + 1 != after]
    pairs = zip(begins, ends, strict=True)
    return "[" + "".join(f"{re.escape(chr(begin))}-{re.escape(chr(end))}" for begin, end in pairs) + "]"


_TABLE = _translation()
_UNSAFE = re.compile(_character_class(_TABLE))
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED_MARKS = re.compile(f"({_MARK}{{{MARKS_IN_A_ROW}}}){_MARK}+")


def clean(text: str) -> str:
    """Return `text` with nothing in it that a terminal would obey, and nothing hidden.

    Controls become visible pictures, every kind of line break a newline, tabs spaces; bidirectional controls and
    invisible characters go, lone surrogates become U+FFFD, and stacked combining marks end at the fourth. Words are
    never touched.
    """
    if text.isascii() and text.isprintable():
        return text
    if _UNSAFE.search(text):
        text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_TABLE)
    text = text.replace("\t", " " * TAB_WIDTH)
    return text if text.isascii() else _STACKED_MARKS.sub(r"\1", text)


def clean_join(text: str, delta: str) -> str:
    """Return `text + delta`, `text` being clean already; marks that stack over the joint are cut too."""
    tail = text[-MARKS_IN_A_ROW:]
    return text[: len(text) - len(tail)] + clean(tail + delta)


def clean_line(text: str, max_chars: int = 200) -> str:
    """Return `text` on one line of at most `max_chars` characters: for titles, labels, errors, device names."""
    line = " ".join(clean(text[: 4 * max_chars]).split())
    return line if len(line) <= max_chars else line[: max_chars - 1] + "…"
