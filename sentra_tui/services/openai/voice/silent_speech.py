"""Nothing is said aloud: answers are read."""

from __future__ import annotations

from collections.abc import AsyncIterator


class NoSpeech:
    """The Speech port of HTTP mode without a voice."""

    async def speak(self, text: str, *, voice: str, speed: float) -> AsyncIterator[bytes]:
        """Yield nothing."""
        for silence in list[bytes]():
            yield silence

    async def close(self) -> None:
        """Hold nothing."""
