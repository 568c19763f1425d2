"""The main assistant over chat completions: for servers that keep nothing, so that the history is ours.

Source: https://platform.openai.com/docs/api-reference/chat/create.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from sentra_tui.domain.briefing import without_transcript
from sentra_tui.domain.errors import OutcomeUnknown, SentraError, TransportLost
from sentra_tui.domain.history import ChatHistory
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunEvent, RunExtended, RunNamed, RunRef, RunStatus
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.usage import Usage
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.completion_objects import BROKE_OFF, CompletionReader
from sentra_tui.services.openai.main_settings import MainSettings
from sentra_tui.services.openai.reply import Reply, ReplyStream
from sentra_tui.services.openai.retry import Retry, Timing
from sentra_tui.services.openai.text_status import text_refusal

_COMPLETIONS = "/chat/completions"
_DONE = "[DONE]"
_REJECTED = (400, 422)


class ChatAssistant:
    """The MainAssistant port.

    Each question is sent with the whole transcript, the earlier questions and answers without theirs. What leaves
    the history is summarised by the same model between two questions; that summary is billed with the next answer.
    """

    def __init__(
        self,
        client: ApiClient,
        secret: Secret,
        settings: MainSettings,
        history: ChatHistory,
        log: Callable[[str], None],
        timing: Timing,
    ) -> None:
        """`log` takes the lines that tell what the history gave up."""
        self._client = client
        self._secret = secret
        self._settings = settings
        self._history = history
        self._log = log
        self._retry = Retry(timing)
        self._dialect = _Dialect()
        self._reading: asyncio.Timeout | None = None
        self._cancelled = False
        self._summarising: asyncio.Task[None] | None = None
        self._unbilled = Usage()

    @property
    def name(self) -> str:
        """The implementation's word."""
        return "chat"

    async def ask(self, request: MainRequest) -> AsyncIterator[RunEvent]:
        """Yield what becomes of a question; see the port."""
        await self._stop_summarising()
        self._cancelled = False
        until = asyncio.get_running_loop().time() + self._settings.deadline_s
        messages = [_message(role, text) for role, text in self._history.messages()]
        if request.instructions:
            messages.insert(0, _message("system", request.instructions))
        messages.append(_message("user", request.full))
        reader = CompletionReader()
        lost = ""
        async with await self._open(request, messages, until) as stream:
            named = False
            while True:
                try:
                    data = await self._next(stream, until)
                except (TransportLost, TimeoutError) as error:
                    lost = self._lost(error)
                    break
                if data == _DONE or data is None:
                    lost = "" if data else BROKE_OFF
                    break
                words = reader.feed(data)
                if not named and (reader.name or words):
                    named = True
                    yield RunNamed(RunRef(self.name, reader.name))
                if words:
                    yield RunExtended(words)
        yield self._ended(request, reader, lost)

    def resume(self, ref: RunRef) -> AsyncIterator[RunEvent]:
        """Raise OutcomeUnknown: a completion is told once, to the one who asked."""
        raise OutcomeUnknown("This answer was told only once.")

    def adopt(self, ref: RunRef) -> None:
        """Change nothing: the server has no conversation."""

    async def cancel(self, ref: RunRef) -> None:
        """Hang up on the answer under way: the server then writes no further."""
        self._cancelled = True
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())

    async def close(self) -> None:
        """Let go of a summary that is under way."""
        await self._stop_summarising()
