"""One response of the Responses API: what it is by now, and the events that tell how it came about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.text.message_items import Item, output_message, output_text
from sentra_tui.provider.text.response_request import ResponseRequest

Event = dict[str, Any]


class StoredResponse:
    """Every step changes what it is and tells those who listen; nothing is told after the end.

    Events are kept, so that a client can come back, where the response was created with `stream`.
    """

    def __init__(
        self, request: ResponseRequest, items: Sequence[Item], history: Sequence[Item], created_at: int
    ) -> None:
        self.id = new_id("resp")
        self.request = request
        self.items = items
        """What the request brought along."""
        self.history = history
        """What was said before it."""
        self.status = "queued" if request.background else "in_progress"
        self.ended = asyncio.Event()
        self.text: str | None = None
        """The answer as far as it is written, None before its first word."""
        self._item_id = new_id("msg")
        self._created_at = created_at
        self._completed_at: int | None = None
        self._error: dict[str, str] | None = None
        self._incomplete: dict[str, str] | None = None
        self._usage: dict[str, Any] | None = None
        self._log: list[Event] = []
        self._news = asyncio.Event()

    @property
    def output(self) -> list[Item]:
        """The items that the model wrote."""
        status = "in_progress" if self.status in ("queued", "in_progress") else self.status
        shown = status if status in ("completed", "in_progress") else "incomplete"
        return [] if self.text is None else [output_message(self._item_id, self.text, shown)]

    def create(self) -> None:
        """Tell that it is there."""
        self._tell_state("created")

    def queue(self) -> None:
        """Tell that it waits for its turn."""
        self._tell_state("queued")

    def begin(self) -> None:
        """Tell that it is being worked at."""
        self.status = "in_progress"
        self._tell_state("in_progress")

    def extend(self, delta: str) -> None:
        """Add words to the answer."""
        if self.text is None:
            self.text = ""
            item = output_message(self._item_id, None, "in_progress")
            self._tell("response.output_item.added", output_index=0, item=item)
            self._tell("response.content_part.added", **self._place(), part=output_text(""))
        self.text += delta
        self._tell("response.output_text.delta", **self._place(), delta=delta, logprobs=[])

    def complete(self, completed_at: int, usage: dict[str, Any]) -> None:
        """End it well; `completed_at` is in seconds since 1970."""
        self._completed_at = completed_at
        self._end("completed", usage)

    def reach_limit(self, usage: dict[str, Any]) -> None:
        """End it at its longest."""
        self._incomplete = {"reason": "max_output_tokens"}
        self._end("incomplete", usage)

    def fail(self, code: str, message: str) -> None:
        """End it with an error."""
        self._error = {"code": code, "message": message}
        self._end("failed", None)

    def cancel(self) -> None:
        """End it early. A stream of it ends without a word: the API has no event for this."""
        if not self.ended.is_set():
            self.status = "cancelled"
            self._finish()

    async def events(self, after: int = -1) -> AsyncGenerator[Event, None]:
        """Yield the events behind this sequence number, those to come as well, until the response ends."""
        place = after + 1
        while True:
            while place < len(self._log):
                yield self._log[place]
                place += 1
            if self.ended.is_set():
                return
            await self._news.wait()

    def describe(self) -> dict[str, Any]:
        """Return it as the client sees it."""
        conversation_id = self.request.conversation_id
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._created_at,
            "completed_at": self._completed_at,
            "status": self.status,
            "background": bool(self.request.background),
            "conversation": {"id": conversation_id} if conversation_id else None,
            "error": self._error,
            "incomplete_details": self._incomplete,
            "output": self.output,
            "usage": self._usage,
            **self.request.echo(),
        }

    def _end(self, status: str, usage: dict[str, Any] | None) -> None:
        if self.ended.is_set():
            return
        self._usage = usage
        self.status = status
        if self.text is not None:
            self._tell("response.output_text.done", **self._place(), text=self.text, logprobs=[])
            self._tell("response.content_part.done", **self._place(), part=output_text(self.text))
            self._tell("response.output_item.done", output_index=0, item=self.output[0])
        self._tell_state(status)
        self._finish()

    def _finish(self) -> None:
        self.ended.set()
        self._news.set()

    def _tell_state(self, name: str) -> None:
        self._tell(f"response.{name}", response=self.describe())

    def _tell(self, kind: str, **fields: Any) -> None:
        if not self.request.stream:
            return
        self._log.append({"type": kind, "sequence_number": len(self._log), **fields})
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._item_id, "output_index": 0, "content_index": 0}
