"""Answers a conversation over chat completions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.main_run import RunEnded, RunStatus
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.voice_ports import ChatMessage, TextEnded, TextEvent, TextExtended
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.main.chat_stream import ChatEndpoint, ChunkStream
from sentra_tui.services.openai.main.completion_objects import CUT, CompletionReader
from sentra_tui.services.openai.main.retry import Timing
from sentra_tui.services.openai.voice.waiting import HEAD_S, PATIENCE_S, HeadWait

_MODEL_HINT = "Set chat_model in the profile's [http] to a model that it has."


class HttpCompletion:
    """The Completion port. The client stays the caller's to close; `key` gives the API key, and may raise.

    Nothing is asked twice: whoever waits for a voice has no patience. What a model reasons is not said.
    """

    def __init__(self, client: ApiClient, key: Callable[[], Secret], model: str, *, head_s: float = HEAD_S) -> None:
        self._label = client.endpoint.label
        self._endpoint = ChatEndpoint(client, key, Timing(), tries=1)
        self._model = model
        self._wait = HeadWait(client, key, head_s)

    async def complete(self, messages: Sequence[ChatMessage], *, max_tokens: int) -> AsyncIterator[TextEvent]:
        """Yield the answer; see the port."""
        reader = CompletionReader()
        stream = await self._open([(message.role, message.text) for message in messages], max_tokens)
        lost: TransportLost | None = None
        try:
            while True:
                try:
                    chunk = await stream.next()
                except TransportLost as error:
                    reader.lose(error.message)
                    lost = error
                    break
                if chunk is None:
                    break
                words = reader.feed(chunk)
                if words:
                    yield TextExtended(words)
        finally:
            await stream.close()
        yield self._ended(reader.ended(), lost)

    async def _open(self, messages: Sequence[tuple[str, str]], max_tokens: int) -> ChunkStream:
        try:
            opening = self._endpoint.open(self._model, messages, max_tokens, silence_s=PATIENCE_S)
            return await self._wait.reply(opening)
        except TransportRefused as error:
            if error.reason is Reason.MODEL_REFUSED:
                error.hint = _MODEL_HINT
            raise

    def _ended(self, ended: RunEnded, lost: TransportLost | None) -> TextEnded:
        """Return the end; raises where the answer broke off, failed, or was withheld."""
        if lost is not None and ended.cause == lost.message:
            raise lost
        cut = ended.cause == CUT
        if ended.status is RunStatus.FAILED or not (ended.text.strip() or cut):
            raise TransportRefused(f"{self._label} gave no answer: {ended.cause.rstrip('.')}.")
        return TextEnded(ended.text, ended.usage, cut)
