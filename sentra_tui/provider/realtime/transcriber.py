"""Writes down what was said: utterances to the recogniser, transcription events to the client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sentra_tui.domain.audio import samples_to_ms
from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.realtime.conversation import Conversation, Emit
from sentra_tui.provider.recognition.recogniser import RecogniserChoice, recogniser_of
from sentra_tui.provider.recognition.stable_words import StableWords
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

_EVENT = "conversation.item.input_audio_transcription"


class Transcriber:
    """Keeps one recogniser, and what it owes for which item.

    `told` says whether the client wants transcripts; without, they only feed the answerer. What was said is told
    `late_s` after it is known.
    """

    def __init__(
        self,
        choice: RecogniserChoice,
        conversation: Conversation,
        emit: Emit,
        told: Callable[[], bool],
        late_s: float = 0.0,
    ) -> None:
        self.choice = choice
        self._recogniser = recogniser_of(choice, self._on_hypothesis)
        self._conversation = conversation
        self._emit = emit
        self._told = told
        self._late_s = late_s
        self._telling: set[asyncio.Task[None]] = set()
        self._utterance = 0
        self._item_id = ""
        self._words = StableWords()
        self._bytes = 0
        self._awaited: dict[str, asyncio.Task[str]] = {}

    def prepare(self) -> None:
        """Get ready: there will be something to hear."""
        self._recogniser.start()

    def begin(self, item_id: str) -> None:
        """Begin the utterance that will be this item."""
        self._item_id = item_id
        self._words = StableWords()
        self._bytes = 0
        self._utterance = self._recogniser.begin()

    def feed(self, pcm: bytes) -> None:
        """Give more of it."""
        self._bytes += len(pcm)
        self._recogniser.feed(pcm)

    def end(self) -> None:
        """End the utterance: its text becomes the item's transcript."""
        item_id, seconds = self._item_id, samples_to_ms(self._bytes // 2, SPEECH_RATE_HZ) / 1000
        task = asyncio.create_task(self._finish(item_id, seconds, self._recogniser.end()))
        self._awaited[item_id] = task
        task.add_done_callback(lambda _: self._awaited.pop(item_id, None))
        self._item_id = ""

    def drop(self) -> None:
        """Forget the utterance."""
        self._item_id = ""
        self._recogniser.drop()

    def complete(self, item_id: str) -> None:
        """Say that an item has no words, without asking the recogniser."""
        self._complete(item_id, 0.0, "")

    async def text(self, item_id: str) -> str:
        """Return an item's transcript, once it is there; empty when it failed."""
        task = self._awaited.get(item_id)
        return self._conversation.item_text(item_id) if task is None else await asyncio.shield(task)

    async def close(self) -> None:
        """End the recogniser and everything awaited of it."""
        tasks = [*self._awaited.values(), *self._telling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._recogniser.close()

    def _on_hypothesis(self, utterance: int, text: str) -> None:
        if utterance != self._utterance or not self._item_id:
            return
        delta = self._words.feed(text)
        if delta and self._told() and not self._late_s:
            self._emit(f"{_EVENT}.delta", item_id=self._item_id, content_index=0, delta=delta)

    async def _finish(self, item_id: str, seconds: float, awaited: asyncio.Future[str]) -> str:
        try:
            text = await awaited
        except ProviderError as error:
            if self._told():
                refusal = {"type": "server_error", "code": "transcription_failed", "message": str(error), "param": None}
                self._emit(f"{_EVENT}.failed", item_id=item_id, content_index=0, error=refusal)
            return ""
        if not self._late_s:
            self._complete(item_id, seconds, text)
            return text
        task = asyncio.create_task(self._complete_late(item_id, seconds, text))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return text

    async def _complete_late(self, item_id: str, seconds: float, text: str) -> None:
        await asyncio.sleep(self._late_s)
        self._complete(item_id, seconds, text)

    def _complete(self, item_id: str, seconds: float, text: str) -> None:
        content = [{"type": "input_audio", "transcript": text}]
        self._conversation.set_content(item_id, content, "completed")
        if self._told():
            usage = {"type": "duration", "seconds": seconds}
            self._emit(f"{_EVENT}.completed", item_id=item_id, content_index=0, transcript=text, usage=usage)
