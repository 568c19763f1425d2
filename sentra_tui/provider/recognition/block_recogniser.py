"""A recogniser for tests: it writes down the numbers of coded sound, in this process, as that costs next to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sentra_tui.domain.audio import SAMPLE_BYTES
from sentra_tui.media.coded_sound import BlockReader, words
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

_GUESS_BYTES = SPEECH_RATE_HZ * SAMPLE_BYTES // 4
"""How much sound comes between two hypotheses."""


class BlockRecogniser:
    """Takes what a Recogniser takes. `on_hypothesis` takes the number of an utterance and what it seems to say."""

    def __init__(self, on_hypothesis: Callable[[int, str], None]) -> None:
        self._on_hypothesis = on_hypothesis
        self._utterance = 0
        self._unguessed = 0
        self._reader = BlockReader(SPEECH_RATE_HZ)

    def start(self) -> None:
        """Nothing has to be started."""

    def begin(self, *, guesses: bool = True) -> int:
        """Begin an utterance and return its number."""
        self._utterance += 1
        self._unguessed = 0
        self._reader = BlockReader(SPEECH_RATE_HZ)
        return self._utterance

    def feed(self, pcm: bytes) -> None:
        """Give more of it: 16 kHz mono, s16le."""
        self._reader.feed(pcm)
        self._unguessed += len(pcm)
        if self._unguessed >= _GUESS_BYTES:
            self._unguessed = 0
            self._on_hypothesis(self._utterance, words(self._reader.numbers()))

    def end(self) -> asyncio.Future[str]:
        """End the utterance and return its text."""
        text: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        text.set_result(words(self._reader.finish()))
        return text

    def drop(self) -> None:
        """Forget the utterance: the next one begins with a reader of its own."""

    async def close(self) -> None:
        """Nothing was started."""
