"""Makes the responses of one session: one at a time in the conversation, others beside it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.faults import SessionFault
from sentra_tui.provider.models.answering import Answering
from sentra_tui.provider.models.text_model import TextMessage, TextModel
from sentra_tui.provider.realtime.conversation import Conversation, Emit
from sentra_tui.provider.realtime.output_audio import OutputAudio
from sentra_tui.provider.realtime.response_run import CancelReason, ResponsePlan, ResponseRun
from sentra_tui.provider.realtime.streamed_audio import StreamedAudio
from sentra_tui.provider.text_faults import TextFault
from sentra_tui.provider.voice import Voice

WORD_INTERVAL_S = 0.01
"""The pace of what comes as a whole: a word at a time, as models have it."""

Question = Callable[[], Awaitable[Sequence[TextMessage]]]
"""Gives what is to be answered, once it is known."""

_WORD = re.compile(r"\s*\S+|\s+")
_SENTENCE_END = re.compile(r"[.!?]\s")


class Responder:
    """Owns the tasks of responses under way."""

    def __init__(
        self,
        emit: Emit,
        conversation: Conversation,
        output: OutputAudio | StreamedAudio,
        model: TextModel,
        voice: Voice,
        fault: SessionFault,
    ) -> None:
        self._emit = emit
        self._conversation = conversation
        self._output = output
        self._model = model
        self._voice = voice
        self._fault = fault
        self._runs: dict[str, tuple[ResponseRun, asyncio.Task[None]]] = {}
        self._active: ResponseRun | None = None

    @property
    def active_id(self) -> str:
        """The id of the conversation's response under way, empty while there is none."""
        return self._active.id if self._active is not None and not self._active.ended else ""

    def create(self, plan: ResponsePlan, question: Question) -> None:
        """Begin a response; raises ApiError while the conversation has one."""
        if plan.in_conversation and self.active_id:
            raise ApiError(
                400,
                f"Conversation already has an active response in progress: {self.active_id}. Wait until the response "
                "is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        run = ResponseRun(plan, self._conversation, self._emit)
        if plan.in_conversation:
            self._active = run
        run.begin()
        task = asyncio.create_task(self._answer(run, plan, question))
        self._runs[run.id] = (run, task)
        task.add_done_callback(lambda _: self._runs.pop(run.id, None))

    def cancel(self, reason: CancelReason, response_id: str | None = None) -> None:
        """End a response early, by default the conversation's; raises ApiError when there is none."""
        run, task = self._runs.get(response_id or self.active_id, (None, None))
        if run is None or task is None or run.ended:
            raise ApiError(400, "Cancellation failed: no active response found", code="response_cancel_not_active")
        run.cancel(reason)
        self._output.finish(run.id)
        task.cancel()

    async def close(self) -> None:
        """End all without a word."""
        tasks = [task for _, task in self._runs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, run: ResponseRun, plan: ResponsePlan, question: Question) -> None:
        messages = await question()
        if self._fault.silent_answers:
            await asyncio.Event().wait()
        await asyncio.sleep(self._fault.answer_delay_s)
        limit = None if plan.max_output_tokens == "inf" else plan.max_output_tokens
        answering = Answering(self._model, TextFault(), limit)
        run.open()
        try:
            async with contextlib.aclosing(answering.write(messages, "")) as pieces:
                await (self._speak(run, plan, pieces) if plan.modality == "audio" else self._write(run, pieces))
        except ProviderError as error:
            run.fail(error.message)
            return
        if answering.cut:
            run.reach_limit()
        else:
            run.complete()

    async def _write(self, run: ResponseRun, pieces: AsyncIterator[str]) -> None:
        async for piece in pieces:
            words = _WORD.findall(piece)
            for word in words:
                run.extend(word)
                await asyncio.sleep(WORD_INTERVAL_S if len(words) > 1 else 0)

    async def _speak(self, run: ResponseRun, plan: ResponsePlan, pieces: AsyncIterator[str]) -> None:
        """Speak each sentence as soon as it is there."""
        rest = ""
        try:
            async for piece in pieces:
                rest += piece
                end = max((match.end() for match in _SENTENCE_END.finditer(rest)), default=0)
                await self._say(run, plan, rest[:end])
                rest = rest[end:]
            await self._say(run, plan, rest)
        finally:
            self._output.finish(run.id)

    async def _say(self, run: ResponseRun, plan: ResponsePlan, text: str) -> None:
        async for sentence, frames in self._voice.speak(text, plan.voice, plan.speed):
            run.speak(sentence, len(frames) * FRAME_MS)
            self._output.play(run.id, run.item_id, frames)
