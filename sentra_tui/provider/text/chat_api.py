"""Chat completions, streamed and whole. https://platform.openai.com/docs/api-reference/chat

Words count as tokens.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from aiohttp import web

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.models.answering import Answering, PlannedFailure
from sentra_tui.provider.models.text_model import TextModel
from sentra_tui.provider.models.tool_calls import ToolCall, calls_of
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.text.chat_request import ChatRequest
from sentra_tui.provider.text.door import TextDoor, json_reply
from sentra_tui.provider.text.request_body import read_body
from sentra_tui.provider.text.sse import EventStream
from sentra_tui.provider.text_faults import TextFault


class ChatApi:
    """`POST /v1/chat/completions`. `epoch_s` is the wall clock: `created` is told in its seconds."""

    def __init__(self, model: TextModel, door: TextDoor, epoch_s: Callable[[], float]) -> None:
        self._model = model
        self._door = door
        self._epoch_s = epoch_s

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        return [web.post("/v1/chat/completions", self._door.guard("chat", self._complete))]

    async def close(self) -> None:
        """Nothing goes on behind a request that is answered."""

    async def _complete(self, request: web.Request, fault: TextFault) -> web.StreamResponse:
        wanted = await read_body(request, ChatRequest)
        if wanted.stream_options is not None:
            self._check_stream_options(wanted)
        answer = _Completion(wanted, int(self._epoch_s()), not self._door.lacks("usage"))
        calls = calls_of(self._model, wanted.conversation, wanted.offered)
        answering = Answering(self._model, fault, wanted.limit)
        async with aclosing(_no_pieces() if calls else answering.write(wanted.conversation, wanted.model)) as pieces:
            try:
                first = await anext(pieces, "")
                if wanted.stream:
                    return await _stream(EventStream(request, fault), answer, answering, calls, first, pieces)
                async for _ in pieces:
                    pass
            except ProviderError as error:
                raise _refusal(error) from error
        return json_reply(answer.whole(answering, calls), fault)

    def _check_stream_options(self, wanted: ChatRequest) -> None:
        if self._door.lacks("stream_options"):
            raise ApiError(400, "Unrecognized request argument supplied: stream_options")
        if not wanted.stream:
            message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
            raise ApiError(400, message, param="stream_options")


class _Completion:
    """The JSON of one answer."""

    def __init__(self, wanted: ChatRequest, created: int, counts: bool) -> None:
        self._head = {"id": new_id("chatcmpl"), "created": created, "model": wanted.model}
        self._prompt_tokens = sum(len(message.text.split()) for message in wanted.conversation)
        self._counts = counts
        self._asked_usage = counts and wanted.stream_options is not None and wanted.stream_options.include_usage

    def whole(self, answering: Answering, calls: list[ToolCall]) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": answering.text, "refusal": None}
        if calls:
            message |= {"content": None, "tool_calls": [call.wire() for call in calls]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(answering, calls)}
        usage = {"usage": self._usage(answering)} if self._counts else {}
        return {**self._head, "object": "chat.completion", "choices": [choice], **usage}

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self._asked_usage else {}
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice], **usage}

    def last_chunk(self, answering: Answering) -> dict[str, Any] | None:
        """Return the chunk that counts, None where it was not asked for."""
        if not self._asked_usage:
            return None
        return {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": self._usage(answering)}

    def _usage(self, answering: Answering) -> dict[str, Any]:
        return {
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": answering.words,
            "total_tokens": self._prompt_tokens + answering.words,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }


async def _stream(
    events: EventStream,
    answer: _Completion,
    answering: Answering,
    calls: list[ToolCall],
    first: str,
    pieces: AsyncIterator[str],
) -> web.StreamResponse:
    async with events:
        await events.send(answer.chunk({"role": "assistant", "content": "", "refusal": None}))
        try:
            await _send_words(events, answer, first, pieces)
        except ProviderError as error:
            await events.send(_refusal(error).body())
            return events.response
        for place, call in enumerate(calls):
            await events.send(answer.chunk({"tool_calls": [{"index": place, **call.wire()}]}))
        await events.send(answer.chunk({}, _reason(answering, calls)))
        last = answer.last_chunk(answering)
        if last is not None:
            await events.send(last)
        await events.send_text("[DONE]")
    return events.response


async def _send_words(events: EventStream, answer: _Completion, first: str, pieces: AsyncIterator[str]) -> None:
    if first:
        await events.send(answer.chunk({"content": first}))
    async for piece in pieces:
        await events.send(answer.chunk({"content": piece}))


async def _no_pieces() -> AsyncGenerator[str, None]:
    nothing: tuple[str, ...] = ()
    for piece in nothing:
        yield piece


def _reason(answering: Answering, calls: list[ToolCall]) -> str:
    if calls:
        return "tool_calls"
    return "length" if answering.cut else "stop"


def _refusal(error: ProviderError) -> ApiError:
    """Return how a model that gave no answer is told."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, PlannedFailure):
        return ApiError(500, error.message, code=error.code)
    return ApiError(502, str(error), code="model_unavailable")
