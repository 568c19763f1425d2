"""Puts words that come late where they were said."""

from __future__ import annotations

from collections.abc import Iterable

from sentra_tui.domain import changes as c
from sentra_tui.domain.spans import span
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.store import Store

LEAST_SHARE = 0.75
"""What is much shorter than what stands was not made of all of its sound."""


class LateLines:
    """The recovered lines and the gaps of one stream."""

    def __init__(self, stream: str, store: Store) -> None:
        self._stream = stream
        self._store = store

    def has_words(self, key: LineKey) -> bool:
        """Return whether that line has any words."""
        return bool(self._words(key))

    def say_more(self, keys: Iterable[LineKey], text: str) -> bool:
        """Return whether these lines have much more words than `text` already: then they shall stay."""
        return _length(text) < LEAST_SHARE * sum(_length(self._words(key)) for key in keys)

    def _words(self, key: LineKey) -> str:
        stream = self._store.state.stream(self._stream)
        line = stream.transcript.find(key) if stream is not None else None
        return "" if line is None else line.text

    def commit(self, key: LineKey, text: str, start_ms: int, end_ms: int, replaces: tuple[LineKey, ...] = ()) -> None:
        """These are the words of that line, which may be new, and of those it replaces: the state slots it in."""
        self._store.publish(
            c.TranscriptCommitted(self._stream, key, text, start_ms, end_ms, recovered=True, replaces=replaces)
        )

    def gap(self, start_ms: int, end_ms: int, cause: str) -> None:
        """What was said here cannot be had."""
        key, text = LineKey(start_ms, f"missing_{end_ms}"), f"{span(end_ms - start_ms)} missing: {cause}"
        opened = c.LineOpened(self._stream, key, start_ms, kind="gap", before=self._first_after(start_ms))
        self._store.publish(opened)
        self._store.publish(c.TranscriptCommitted(self._stream, key, text, start_ms, end_ms, "gap"))

    def _first_after(self, start_ms: int) -> LineKey | None:
        stream = self._store.state.stream(self._stream)
        return None if stream is None else stream.transcript.first_after(start_ms)


def _length(text: str) -> int:
    return len("".join(text.split()))
