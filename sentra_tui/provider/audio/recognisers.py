"""The recogniser processes of the audio endpoints: one request has one at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from sentra_tui.provider.audio.utterances import Utterance
from sentra_tui.provider.recognition.recogniser import AnyRecogniser, RecogniserChoice, recogniser_of
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

MOST = 2
"""How many there are: what the microphone hears and what the others say may come together."""

_PIECE_BYTES = SPEECH_RATE_HZ * 2


class Recognisers:
    """Keeps recognisers for the next request, because loading a model takes longer than most recordings last."""

    def __init__(self, whisper: Path | None) -> None:
        self._whisper = whisper
        self._desks = [_Desk() for _ in range(MOST)]
        self._free = asyncio.Semaphore(MOST)
        self._closed = False

    async def write_down(self, spoken: list[Utterance], model: str) -> list[str]:
        """Return the words of each utterance; raises ProviderError when the recogniser fails."""
        async with self._borrow(RecogniserChoice.of_model(model, self._whisper)) as recogniser:
            return [await _write_down(recogniser, utterance) for utterance in spoken]

    async def close(self) -> None:
        """End the processes that nobody uses now; those in use end with their requests."""
        self._closed = True
        await asyncio.gather(*(desk.clear() for desk in self._desks if not desk.busy))

    @contextlib.asynccontextmanager
    async def _borrow(self, choice: RecogniserChoice) -> AsyncIterator[AnyRecogniser]:
        """Give a recogniser of this kind; one that failed is not kept.

        One whose request was given up is: to write down what nobody waits for takes less than to load the model again.
        """
        async with self._free:
            desks = [desk for desk in self._desks if not desk.busy]
            desk = next((desk for desk in desks if desk.choice == choice), None)
            desk = desk or next((desk for desk in desks if desk.choice is None), desks[0])
            desk.busy = True
            kept = False
            try:
                yield await desk.seat(choice)
                kept = not self._closed
            except asyncio.CancelledError:
                kept = not self._closed
                raise
            finally:
                if not kept:
                    await desk.clear()
                desk.busy = False


class _Desk:
    """Where a recogniser works."""

    def __init__(self) -> None:
        self.busy = False
        self.choice: RecogniserChoice | None = None
        self._recogniser: AnyRecogniser | None = None

    async def seat(self, choice: RecogniserChoice) -> AnyRecogniser:
        """Return a recogniser of this kind, in place of one of another kind."""
        if self._recogniser is None or self.choice != choice:
            await self.clear()
            self.choice, self._recogniser = choice, recogniser_of(choice, lambda _utterance, _text: None)
        return self._recogniser

    async def clear(self) -> None:
        """End the recogniser."""
        recogniser, self._recogniser, self.choice = self._recogniser, None, None
        if recogniser is not None:
            await recogniser.close()


async def _write_down(recogniser: AnyRecogniser, utterance: Utterance) -> str:
    recogniser.begin(guesses=False)
    for start in range(0, len(utterance.pcm), _PIECE_BYTES):
        recogniser.feed(utterance.pcm[start : start + _PIECE_BYTES])
    return await recogniser.end()
