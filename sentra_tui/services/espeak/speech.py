"""Speaks with espeak-ng, whichever way it is on this machine."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Protocol

from sentra_tui.domain.errors import SourceError
from sentra_tui.services.espeak.library import EspeakLibrary
from sentra_tui.services.espeak.program import PROGRAMS, EspeakProgram
from sentra_tui.services.espeak.voices import voice_name, words_per_minute


class _Espeak(Protocol):
    """One way of reaching espeak-ng."""

    def say(self, text: str, voice: str, wpm: int) -> AsyncIterator[bytes]:
        """Yield the sound of `text`."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class EspeakSpeech:
    """The Speech port: the system's program, else the library of the extra `local`.

    It speaks `language` (ISO 639-1, or more of a tag) unless the voice is itself a language's; `path` is where programs
    are looked for, by default where the system does.
    """

    def __init__(self, language: str = "", *, path: str | None = None) -> None:
        self._language = language
        self._path = path
        self._espeak: _Espeak | None = None

    async def speak(self, text: str, *, voice: str, speed: float) -> AsyncIterator[bytes]:
        """Yield the sound of `text`; raises SourceError where there is no espeak-ng, or it does not speak."""
        if not text.strip():
            return
        self._espeak = self._espeak or self._found()
        said = self._espeak.say(text, voice_name(voice, self._language), words_per_minute(speed))
        async with aclosing(said) as sound:  # type: ignore[type-var]
            async for piece in sound:
                if piece:
                    yield piece
                await asyncio.sleep(0)

    async def close(self) -> None:
        """Let go of what is held."""
        if self._espeak is not None:
            await self._espeak.close()

    def _found(self) -> _Espeak:
        for name in PROGRAMS:
            program = shutil.which(name, path=self._path)
            if program:
                return EspeakProgram(program)
        try:
            import espeakng_loader  # noqa: F401
        except ImportError:
            raise SourceError(
                "Speaking on this machine needs espeak-ng, which is not installed.",
                hint="Install espeak-ng of your system, or: pip install 'sentra-tui[local]'.",
            ) from None
        return EspeakLibrary()
