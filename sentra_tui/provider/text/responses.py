"""The responses that the provider works at and keeps: who may begin, what each is told, and who is forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.models.answering import Answering, PlannedFailure
from sentra_tui.provider.models.text_model import TextMessage, TextModel
from sentra_tui.provider.text.conversations import MAX_ITEMS, Conversations, StoredConversation
from sentra_tui.provider.text.message_items import Item, count_words, kept_items, text_messages
from sentra_tui.provider.text.response_request import ResponseRequest
from sentra_tui.provider.text.stored_response import StoredResponse
from sentra_tui.provider.text_faults import TextFault

MAX_RESPONSES = 200
MAX_RUNNING = 50
UNSTORED_LIFETIME_S = 600.0
"""How long a background response that is not stored can be polled."""


class Responses:
    """Owns the tasks that write. `epoch_s` is the wall clock for dates, `monotonic_s` the clock for lifetimes."""

    def __init__(
        self,
        model: TextModel,
        conversations: Conversations,
        epoch_s: Callable[[], float],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._conversations = conversations
        self._epoch_s = epoch_s
        self._monotonic_s = monotonic_s
        self._kept: dict[str, StoredResponse] = {}
        self._expiries: dict[str, float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._locked: dict[str, StoredConversation] = {}

    def begin(self, request: ResponseRequest, fault: TextFault) -> StoredResponse:
        """Begin a response and return it; raises ApiError."""
        if len(self._tasks) >= MAX_RUNNING:
            raise ApiError(429, "Too many responses are under way.", code="rate_limit_exceeded")
        request.require_one_history()
        conversation = self._conversations.find(request.conversation_id) if request.conversation_id else None
        history = self._history(request, conversation)
        response = StoredResponse(request, kept_items(request.input), history, int(self._epoch_s()))
        if conversation is not None:
            conversation.require_unlocked()
            conversation.writer = response.id
            self._locked[response.id] = conversation
        response.create()
        if request.background:
            response.queue()
        self._keep(response)
        task = asyncio.create_task(self._work(response, fault))
        self._tasks[response.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(response.id))
        return response

    def find(self, response_id: str) -> StoredResponse:
        """Return a response that is kept; raises ApiError (404)."""
        self._expire()
        if response_id not in self._kept:
            raise ApiError(404, f"Response with id '{response_id}' not found.")
        return self._kept[response_id]

    def cancel(self, response: StoredResponse) -> None:
        """End a response early; one that has ended stays as it is."""
        response.cancel()
        self._release(response)
        task = self._tasks.get(response.id)
        if task is not None:
            task.cancel()

    def delete(self, response_id: str) -> None:
        """Forget a response, and end it when it runs; raises ApiError (404)."""
        self.cancel(self.find(response_id))
        self._forget(response_id)

    async def close(self) -> None:
        """End all that run."""
        tasks = list(self._tasks.values())
        for response in list(self._kept.values()):
            self.cancel(response)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _history(self, request: ResponseRequest, conversation: StoredConversation | None) -> Sequence[Item]:
        """Return what was said before; raises ApiError."""
        if conversation is not None:
            return conversation.items
        if not request.previous_response_id:
            return ()
        self._expire()
        previous = self._kept.get(request.previous_response_id)
        if previous is None:
            raise ApiError(
                400,
                f"Previous response with id '{request.previous_response_id}' not found.",
                code="previous_response_not_found",
                param="previous_response_id",
            )
        return [*previous.history, *previous.items, *previous.output][-MAX_ITEMS:]

    async def _work(self, response: StoredResponse, fault: TextFault) -> None:
        try:
            await self._write(response, fault)
        except PlannedFailure as failure:
            response.fail(failure.code, failure.message)
        except ProviderError as error:
            response.fail("server_error", error.message)
        self._release(response)

    async def _write(self, response: StoredResponse, fault: TextFault) -> None:
        """Write the answer; raises ProviderError."""
        request = response.request
        if fault.stuck == "queued":
            await asyncio.Event().wait()
        response.begin()
        before = text_messages(response.history)
        instructions = [TextMessage("system", request.instructions)] if request.instructions else []
        messages = [*instructions, *before, *text_messages(response.items)]
        answering = Answering(self._model, fault, request.max_output_tokens)
        async with contextlib.aclosing(answering.write(messages, request.model)) as pieces:
            async for piece in pieces:
                response.extend(piece)
        usage = _usage(count_words(messages), count_words(before), answering.words)
        if answering.cut:
            response.reach_limit(usage)
        else:
            response.complete(int(self._epoch_s()), usage)

    def _release(self, response: StoredResponse) -> None:
        """Unlock the conversation of a response that has ended, and put what was said into it, once."""
        conversation = self._locked.pop(response.id, None)
        if conversation is not None:
            conversation.writer = ""
            if response.status in ("completed", "incomplete"):
                conversation.append([*response.items, *response.output])
        if not response.request.stored and response.id in self._kept:
            if response.request.background:
                self._expiries.setdefault(response.id, self._monotonic_s() + UNSTORED_LIFETIME_S)
            else:
                self._forget(response.id)

    def _keep(self, response: StoredResponse) -> None:
        self._expire()
        if len(self._kept) >= MAX_RESPONSES:
            finished = (known.id for known in self._kept.values() if known.ended.is_set())
            self._forget(next(finished))
        self._kept[response.id] = response

    def _expire(self) -> None:
        now = self._monotonic_s()
        for response_id in [key for key, due in self._expiries.items() if due <= now]:
            self._forget(response_id)

    def _forget(self, response_id: str) -> None:
        self._kept.pop(response_id, None)
        self._expiries.pop(response_id, None)


def _usage(input_words: int, cached_words: int, output_words: int) -> dict[str, Any]:
    """Return the bill, a word being a token; what was said before counts as cached."""
    return {
        "input_tokens": input_words,
        "input_tokens_details": {"cached_tokens": cached_words, "cache_write_tokens": 0},
        "output_tokens": output_words,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input_words + output_words,
    }
