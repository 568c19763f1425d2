"""One response: the events that tell of it, from `response.created` to `response.done`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from sentra_tui.domain.errors import SentraError
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import ChatMessage, TextEnded, TextEvent
from sentra_tui.protocol.http_session.conversation import Conversation, PartType, describe_item
from sentra_tui.protocol.http_session.draft import Draft
from sentra_tui.protocol.http_session.requests import Names, Outcome

CancelReason = Literal["turn_detected", "client_cancelled"]


class ReplyPlan(Struct, frozen=True, kw_only=True):
    """What one response is to be: the session's settings with the request's own in front."""

    spoken: bool
    max_tokens: int
    instructions: str
    in_conversation: bool = True
    metadata: dict[str, str] | None = None
    input: tuple[ChatMessage, ...] | None = None
    """What is answered in place of the conversation."""
    turn_id: str = ""
    """The turn that is answered."""
    read_aloud: str = ""
    """What is to be said as it is, without being answered."""


class Reply:
    """Tells the client about one response; after its end nothing is told of it. `waits_for` are turns without words."""

    def __init__(self, plan: ReplyPlan, names: Names, conversation: Conversation, waits_for: set[str]) -> None:
        self.id = names.next("resp")
        self.item_id = conversation.new_id()
        self.plan = plan
        self.waits_for = waits_for
        self.draft: Draft | None = None
        self.ended = False
        self._names = names
        self._conversation = conversation
        self._opened = False
        self._told = ""
        self._delta = "response.output_audio_transcript" if plan.spoken else "response.output_text"
        self._part: PartType = "output_audio" if plan.spoken else "output_text"

    def begin(self) -> Outcome:
        """Say that the response was created."""
        return [self._names.say("response.created", response=self._describe("in_progress", None, None))]

    def attach(self, draft: Draft) -> Outcome:
        """Give this answer; tell what is written of it already."""
        self.draft = draft
        return self._tell(draft.text)

    def wrote(self, event: TextEvent) -> Outcome:
        """More of the answer was written."""
        if self.draft is None:
            return []
        delta, spoken = self.draft.wrote(event)
        return [*self._tell(delta), *spoken]

    def complete(self, usage: Usage) -> Outcome:
        """Say that it is over, as far as it was written."""
        ended = self.draft.ended if self.draft is not None else None
        if ended is not None and ended.cut:
            return self._end("incomplete", {"type": "incomplete", "reason": "max_output_tokens"}, usage)
        return self._end("completed", None, usage)

    def give_up(self, reason: str) -> Outcome:
        """Say that there is nothing to answer."""
        return self._end("incomplete", {"type": "incomplete", "reason": reason}, None)

    def cancel(self, reason: CancelReason, usage: Usage | None) -> Outcome:
        """Say that it was cancelled."""
        return self._end("cancelled", {"type": "cancelled", "reason": reason}, usage)

    def fail(self, failure: SentraError, usage: Usage | None) -> Outcome:
        """Say that it failed."""
        error = {"type": "server_error", "code": "answer_failed", "message": str(failure)}
        return self._end("failed", {"type": "failed", "error": error}, usage)

    def _tell(self, delta: str) -> Outcome:
        if self.ended or not delta:
            return []
        opened = [] if self._opened else self._open()
        self._told += delta
        self._remember()
        return [*opened, self._names.say(f"{self._delta}.delta", **self._place(), delta=delta)]

    def _open(self) -> Outcome:
        self._opened = True
        item = self._item("in_progress", "")
        return [
            self._names.say("response.output_item.added", response_id=self.id, output_index=0, item=item),
            *(self._conversation.answer(self.item_id, spoken=self.plan.spoken) if self.plan.in_conversation else []),
            self._names.say("response.content_part.added", **self._place(), part=self._shown_part("")),
        ]

    def _end(self, status: str, details: dict[str, Any] | None, usage: Usage | None) -> Outcome:
        if self.ended:
            return []
        self.ended = True
        ended = self.draft.ended if self.draft is not None else None
        if isinstance(ended, TextEnded) and ended.text:
            self._told = ended.text
        closed = self._close("completed" if status == "completed" else "incomplete") if self._opened else []
        return [*closed, self._names.say("response.done", response=self._describe(status, details, usage))]

    def _close(self, status: str) -> Outcome:
        self._remember()
        field = "transcript" if self.plan.spoken else "text"
        item = self._item(status, self._told)
        say, place = self._names.say, self._place()
        return [
            say(f"{self._delta}.done", **place, **{field: self._told}),
            *([say("response.output_audio.done", **place)] if self.plan.spoken else []),
            say("response.content_part.done", **place, part=self._shown_part(self._told)),
            say("response.output_item.done", response_id=self.id, output_index=0, item=item),
            *(self._conversation.finish(self.item_id, status) if self.plan.in_conversation else []),
        ]

    def _remember(self) -> None:
        if self.plan.in_conversation:
            self._conversation.write(self.item_id, self._told)

    def _place(self) -> dict[str, Any]:
        return {"response_id": self.id, "item_id": self.item_id, "output_index": 0, "content_index": 0}

    def _shown_part(self, text: str) -> dict[str, Any]:
        return {"type": "audio", "transcript": text} if self.plan.spoken else {"type": "text", "text": text}

    def _item(self, status: str, text: str) -> dict[str, Any]:
        return describe_item(self.item_id, "assistant", self._part, text, status)

    def _describe(self, status: str, details: dict[str, Any] | None, usage: Usage | None) -> dict[str, Any]:
        item_status = "completed" if status == "completed" else "incomplete"
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": [self._item(item_status, self._told)] if self._opened else [],
            "output_modalities": ["audio" if self.plan.spoken else "text"],
            "max_output_tokens": self.plan.max_tokens,
            "metadata": self.plan.metadata,
            "usage": None if usage is None else _usage(usage),
        }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "total_tokens": usage.tokens,
        "input_tokens": usage.text_in + usage.audio_in,
        "output_tokens": usage.text_out + usage.audio_out,
        "input_token_details": {
            "text_tokens": usage.text_in,
            "audio_tokens": usage.audio_in,
            "cached_tokens": usage.cached_text_in,
        },
        "output_token_details": {"text_tokens": usage.text_out, "audio_tokens": usage.audio_out},
    }
