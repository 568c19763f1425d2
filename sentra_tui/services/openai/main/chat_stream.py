"""Asks for chat completions, in as new a dialect as the server takes.

Source: https://platform.openai.com/docs/api-reference/chat/create.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.main.retry import TRIES, Retry, Timing
from sentra_tui.services.openai.main.text_status import text_refusal
from sentra_tui.services.openai.reply import Reply, ReplyStream
from sentra_tui.services.openai.status import is_web_page, web_page

Message = tuple[str, str]
"""A role and what it says."""

_COMPLETIONS = "/chat/completions"
_DONE = "[DONE]"
_REJECTED = (400, 422)
_NEWER = ("stream_options", "max_completion_tokens")
"""What older servers do not take: they count unasked or not at all, and know the limit as `max_tokens`."""


class ChatEndpoint:
    """Opens completions with the key that `key` gives; remembers which parameters the server did not take."""

    def __init__(self, client: ApiClient, key: Callable[[], Secret], timing: Timing, *, tries: int = TRIES) -> None:
        self._client = client
        self._key = key
        self._retry = Retry(timing, tries)
        self._refused: set[str] = set()

    async def open(self, model: str, messages: Sequence[Message], max_tokens: int, silence_s: float) -> ChunkStream:
        """Return the completion as soon as it begins; the caller closes it. Raises like `MainAssistant.ask`."""
        while True:
            body = self._body(model, messages, max_tokens)
            ask = partial(self._client.stream, "POST", _COMPLETIONS, self._key(), silence_s=silence_s, json=body)
            reply = await self._retry.stream(ask)
            if isinstance(reply, ReplyStream):
                return ChunkStream(reply, self._client.endpoint)
            if not self._can_do_without(reply):
                raise text_refusal(reply, self._client.endpoint, collection=True)

    def _body(self, model: str, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
        limit = "max_tokens" if "max_completion_tokens" in self._refused else "max_completion_tokens"
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": role, "content": text} for role, text in messages],
            "stream": True,
            limit: max_tokens,
        }
        if "stream_options" not in self._refused:
            body["stream_options"] = {"include_usage": True}
        return body

    def _can_do_without(self, reply: Reply) -> bool:
        """Return whether the server refused a parameter that is left out from now on."""
        if reply.status not in _REJECTED:
            return False
        named = {name for name in _NEWER if name in reply.text} - self._refused
        self._refused |= named
        return bool(named)


class ChunkStream:
    """The JSON of one completion, a chunk at a time; of a server that does not stream, all of it at once."""

    def __init__(self, stream: ReplyStream, endpoint: Endpoint) -> None:
        self._stream = stream
        self._endpoint = endpoint
        self._whole = not stream.is_events

    async def next(self) -> str | None:
        """Return the next chunk, None behind the last; raises TransportLost when the stream breaks off before."""
        if self._whole:
            return await self._all_at_once()
        event = await anext(self._stream, None)
        if event is None:
            raise TransportLost("The answer broke off.")
        if event.data.strip() != _DONE:
            return event.data
        return None

    async def close(self) -> None:
        """Hang up; may be called more than once."""
        await self._stream.close()

    async def _all_at_once(self) -> str | None:
        reply = await self._stream.read()
        if not reply.body:
            return None
        if not isinstance(reply.json(), dict):
            if is_web_page(reply):
                page = web_page(self._endpoint)
                raise TransportRefused(page.message, hint=page.hint, reason=page.reason)
            raise TransportRefused("The server answered with something that is no completion.", hint="Check base_url.")
        return reply.text
