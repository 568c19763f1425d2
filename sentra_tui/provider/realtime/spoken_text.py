"""What of a spoken answer was heard, for an answer that was cut off."""

from __future__ import annotations


class SpokenText:
    """Keeps an answer's text in the pieces that it was spoken in, each with how long it sounds."""

    def __init__(self) -> None:
        self._pieces: list[tuple[str, int]] = []

    @property
    def duration_ms(self) -> int:
        """How long the whole of it sounds."""
        return sum(duration_ms for _, duration_ms in self._pieces)

    def add(self, text: str, duration_ms: int) -> None:
        """Add a piece behind the others."""
        self._pieces.append((text, duration_ms))

    def heard(self, audio_end_ms: int) -> str:
        """Return the words that were said by then, taking the words of a piece for equally long."""
        heard: list[str] = []
        for text, duration_ms in self._pieces:
            words = text.split()
            share = min(1.0, audio_end_ms / duration_ms) if duration_ms else 1.0
            heard += words[: int(len(words) * share)]
            audio_end_ms -= duration_ms
            if audio_end_ms <= 0:
                break
        return " ".join(heard)
