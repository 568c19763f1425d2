"""The main assistant over chat completions: for servers that keep nothing, so that the history is ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from msgspec.structs import replace

from sentra_tui.domain.briefing import without_transcript
from sentra_tui.domain.errors import OutcomeUnknown, SentraError, TransportLost
from sentra_tui.domain.history import ChatHistory
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunEvent, RunExtended, RunNamed, RunRef, RunStatus
from sentra_tui.domain.usage import Usage
from sentra_tui.services.openai.main.chat_stream import ChatEndpoint, ChunkStream, Message
from sentra_tui.services.openai.main.completion_objects import CompletionReader
from sentra_tui.services.openai.main.main_settings import MainSettings, duration
from sentra_tui.services.openai.main.patience import Patience

SUMMARY_S = 60.0
"""The longest that a summary may take."""


class ChatAssistant:
    """The MainAssistant port.

    Each question is sent with the whole transcript; earlier questions and answers are sent again without theirs. What
    leaves the history is summarised by the same model between two questions; the next answer's bill has that in it.
    """

    def __init__(
        self, endpoint: ChatEndpoint, settings: MainSettings, history: ChatHistory, log: Callable[[str], None]
    ) -> None:
        """`log` takes the lines that tell what becomes of older turns."""
        self._endpoint = endpoint
        self._settings = settings
        self._history = history
        self._log = log
        self._patience: Patience | None = None
        self._summarising: asyncio.Task[None] | None = None
        self._unbilled: Usage | None = None

    @property
    def name(self) -> str:
        """The implementation's word."""
        return "chat"

    async def ask(self, request: MainRequest) -> AsyncIterator[RunEvent]:
        """Yield what becomes of a question; see the port."""
        await self._stop_summarising()
        patience = self._patience = Patience(self._settings.deadline_s)
        reader = CompletionReader()
        stream = await self._open(request.model, self._messages(request), request.max_output_tokens, patience, reader)
        if stream is not None:
            try:
                named = False
                while (words := await _more(stream, patience, reader)) is not None:
                    if not named and (reader.name or words):
                        named = True
                        yield RunNamed(RunRef(self.name, reader.name))
                    if words:
                        yield RunExtended(words)
            finally:
                await stream.close()
        yield self._ended(request, reader, patience)

    def resume(self, ref: RunRef) -> AsyncIterator[RunEvent]:
        """Raise OutcomeUnknown: a completion is told once, to the one who asked."""
        raise OutcomeUnknown("An answer of a chat server is told only once.")

    def adopt(self, ref: RunRef) -> None:
        """Change nothing: the server has no conversation."""

    async def cancel(self, ref: RunRef) -> None:
        """Hang up on the answer under way, so that the server writes no further."""
        if self._patience is not None:
            self._patience.stop()

    async def close(self) -> None:
        """Let go of a summary that is under way."""
        await self._stop_summarising()

    def _messages(self, request: MainRequest) -> list[Message]:
        system = [("system", request.instructions)] if request.instructions else []
        return [*system, *self._history.messages(), ("user", request.full)]

    async def _open(
        self, model: str, messages: Sequence[Message], max_tokens: int, patience: Patience, reader: CompletionReader
    ) -> ChunkStream | None:
        try:
            return await patience.wait(
                self._endpoint.open(model, messages, max_tokens, silence_s=self._settings.deadline_s)
            )
        except TimeoutError:
            reader.lose(_no_answer(patience))
            return None

    def _ended(self, request: MainRequest, reader: CompletionReader, patience: Patience) -> RunEnded:
        """Return the end, remember the turn, and have older ones summarised while nobody asks."""
        ended = reader.ended()
        if patience.stopped:
            ended = replace(ended, status=RunStatus.CANCELLED, cause="stopped", hint="")
        elif ended.text and ended.status in (RunStatus.COMPLETED, RunStatus.INCOMPLETE):
            self._tell(self._history.add(without_transcript(request.full), ended.text))
            summary = self._history.to_summarise()
            if summary:
                work = self._summarise(request.model, summary, request.max_output_tokens)
                self._summarising = asyncio.create_task(work, name="summary of older turns")
        return replace(ended, usage=self._billed(ended.usage))

    def _billed(self, usage: Usage | None) -> Usage | None:
        unbilled, self._unbilled = self._unbilled, None
        return usage + unbilled if usage and unbilled else usage or unbilled

    async def _summarise(self, model: str, request: str, max_tokens: int) -> None:
        """Have the turns that left the history summarised; they are dropped where that fails."""
        patience = Patience(SUMMARY_S)
        reader = CompletionReader()
        try:
            stream = await self._open(model, [("user", request)], max_tokens, patience, reader)
            if stream is not None:
                try:
                    while await _more(stream, patience, reader) is not None:
                        pass
                finally:
                    await stream.close()
        except SentraError as error:
            self._tell(f"History: no summary: {error.message}")
        ended = reader.ended()
        self._unbilled = self._billed(ended.usage)
        self._tell(self._history.summarised(ended.text if ended.status is RunStatus.COMPLETED else ""))

    async def _stop_summarising(self) -> None:
        task, self._summarising = self._summarising, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _tell(self, line: str) -> None:
        if line:
            self._log(line)


async def _more(stream: ChunkStream, patience: Patience, reader: CompletionReader) -> str | None:
    """Return the next words of an answer, None behind the last; the reader learns why no more come.

    Raises OutcomeUnknown where it broke off before it began.
    """
    if patience.stopped:
        return None
    try:
        chunk = await patience.wait(stream.next())
    except TimeoutError:
        reader.lose(_no_answer(patience))
    except TransportLost as error:
        if not reader.begun:
            raise OutcomeUnknown(error.message, hint=error.hint) from None
        reader.lose(error.message)
    else:
        return None if chunk is None else reader.feed(chunk)
    return None


def _no_answer(patience: Patience) -> str:
    return f"no answer in {duration(patience.limit_s)}"
