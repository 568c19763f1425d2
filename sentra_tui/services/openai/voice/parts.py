"""Text in parts that a server takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ENDS = (re.compile(r"[.!?…]+[\"'”’)]*\s|[。！？]|\n"), re.compile(r"\s"))
"""Where a part may end, the best first."""


def parts_of(text: str, max_chars: int) -> Iterator[str]:
    """Yield `text` in parts of at most `max_chars` characters, cut behind a sentence, else at a space."""
    rest = text.strip()
    while len(rest) > max_chars:
        cut = next(filter(None, (_last_end(end, rest, max_chars) for end in _ENDS)), max_chars)
        yield rest[:cut].strip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest


def _last_end(end: re.Pattern[str], text: str, max_chars: int) -> int:
    return max((match.end() for match in end.finditer(text, 0, max_chars)), default=0)
