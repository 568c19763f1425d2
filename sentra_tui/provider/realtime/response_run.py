"""One response: the events that tell of it, from `response.created` to `response.done`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from sentra_tui.provider.realtime.client_events import ResponseOptions
from sentra_tui.provider.realtime.conversation import Conversation, Emit, new_id
from sentra_tui.provider.realtime.settings import SessionSettings

AUDIO_TOKENS_PER_S = 20
CancelReason = Literal["turn_detected", "client_cancelled"]


class ResponsePlan(Struct, frozen=True, kw_only=True):
    """What one response is to be: the session's settings with the request's own in front."""

    modality: Literal["text", "audio"]
    voice: str
    speed: float
    rate_hz: int
    """The sample rate of the session's spoken answers."""
    max_output_tokens: int | Literal["inf"]
    in_conversation: bool
    metadata: dict[str, str] | None

    @classmethod
    def of(cls, settings: SessionSettings, options: ResponseOptions) -> ResponsePlan:
        """Return the plan for this request in a session with these settings."""
        modalities = options.output_modalities
        return cls(
            modality=modalities[0] if modalities else settings.output_modality,
            voice=settings.voice,
            speed=settings.speed,
            rate_hz=settings.output_rate_hz,
            max_output_tokens=options.max_output_tokens or settings.max_output_tokens,
            in_conversation=options.conversation == "auto",
            metadata=options.metadata,
        )


class ResponseRun:
    """Tells the client about one response. Every method emits; nothing is told after the end."""

    def __init__(self, plan: ResponsePlan, conversation: Conversation, emit: Emit) -> None:
        self.id = new_id("resp")
        self.item_id = new_id("item")
        self.ended = False
        self._plan = plan
        self._conversation = conversation
        self._emit = emit
        self._text = ""
        self._opened = False
        self._sound_s = 0.0
        self._spoken = plan.modality == "audio"
        self._delta = "response.output_audio_transcript" if self._spoken else "response.output_text"

    def begin(self) -> None:
        """Say that the response was created."""
        self._emit("response.created", response=self._describe("in_progress", None, None))

    def open(self) -> None:
        """Say that it has an item with one part."""
        self._opened = True
        item = self._item("in_progress", [])
        self._emit("response.output_item.added", response_id=self.id, output_index=0, item=item)
        if self._plan.in_conversation:
            self._conversation.insert(dict(item))
        self._emit("response.content_part.added", **self._place(), part=self._part(""))

    def extend(self, delta: str) -> None:
        """Say more of the text."""
        self._text += delta
        self._conversation.set_content(self.item_id, self._content(), "in_progress")
        self._emit(f"{self._delta}.delta", **self._place(), delta=delta)

    def speak(self, text: str, duration_ms: int) -> None:
        """Say more of the text, which sounds so long."""
        self._sound_s += duration_ms / 1000
        if self._plan.in_conversation:
            self._conversation.speak(self.item_id, text, duration_ms)
        self.extend(f" {text}" if self._text else text)

    def complete(self) -> None:
        """Say that it is complete."""
        self._end("completed", None)

    def reach_limit(self) -> None:
        """Say that it ended at its longest."""
        self._end("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})

    def cancel(self, reason: CancelReason) -> None:
        """Say that it was cancelled."""
        self._end("cancelled", {"type": "cancelled", "reason": reason})

    def fail(self, message: str) -> None:
        """Say that it failed."""
        error = {"type": "server_error", "code": "answer_failed", "message": message}
        self._end("failed", {"type": "failed", "error": error})

    def _end(self, status: str, details: dict[str, Any] | None) -> None:
        if self.ended:
            return
        self.ended = True
        if self._opened:
            self._close_item("completed" if status == "completed" else "incomplete")
        self._emit("response.done", response=self._describe(status, details, self._usage()))

    def _close_item(self, status: str) -> None:
        text_field = "transcript" if self._spoken else "text"
        self._emit(f"{self._delta}.done", **self._place(), **{text_field: self._text})
        if self._spoken:
            self._emit("response.output_audio.done", **self._place())
        self._emit("response.content_part.done", **self._place(), part=self._part(self._text))
        item = self._item(status, self._content())
        self._emit("response.output_item.done", response_id=self.id, output_index=0, item=item)
        if self._plan.in_conversation and self._conversation.holds(self.item_id):
            self._conversation.set_content(self.item_id, self._content(), status)
            self._conversation.finish(self.item_id)

    def _place(self) -> dict[str, Any]:
        return {"response_id": self.id, "item_id": self.item_id, "output_index": 0, "content_index": 0}

    def _part(self, text: str) -> dict[str, Any]:
        return {"type": "audio", "transcript": text} if self._spoken else {"type": "text", "text": text}

    def _content(self) -> list[dict[str, Any]]:
        if self._spoken:
            return [{"type": "output_audio", "transcript": self._text}]
        return [{"type": "output_text", "text": self._text}]

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.item_id,
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": content,
        }

    def _describe(self, status: str, details: dict[str, Any] | None, usage: dict[str, Any] | None) -> dict[str, Any]:
        item_status = "completed" if status == "completed" else "incomplete"
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": [self._item(item_status, self._content())] if self._opened else [],
            "output_modalities": [self._plan.modality],
            "audio": {
                "output": {"format": {"type": "audio/pcm", "rate": self._plan.rate_hz}, "voice": self._plan.voice}
            },
            "conversation_id": self._conversation.id if self._plan.in_conversation else None,
            "max_output_tokens": self._plan.max_output_tokens,
            "metadata": self._plan.metadata,
            "usage": usage,
        }

    def _usage(self) -> dict[str, Any]:
        """Return tokens counted as words, and sound as the Realtime API counts it."""
        input_tokens = sum(len(text.split()) for text in self._conversation.texts("user"))
        text_tokens, audio_tokens = len(self._text.split()), round(self._sound_s * AUDIO_TOKENS_PER_S)
        return {
            "total_tokens": input_tokens + text_tokens + audio_tokens,
            "input_tokens": input_tokens,
            "output_tokens": text_tokens + audio_tokens,
            "input_token_details": {"text_tokens": input_tokens, "audio_tokens": 0, "cached_tokens": 0},
            "output_token_details": {"text_tokens": text_tokens, "audio_tokens": audio_tokens},
        }
