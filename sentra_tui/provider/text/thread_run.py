"""One run of the Assistants API: what it is by now, and the events that tell how it came about."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from sentra_tui.provider.models.tool_calls import ToolCall
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.text.assistant_requests import RunRequest
from sentra_tui.provider.text.thread_messages import Message, text_content, written_message

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")
"""While a run is one of these, its thread takes neither messages nor another run."""
MESSAGE_REASONS = {
    "incomplete": "max_tokens",
    "cancelled": "run_cancelled",
    "expired": "run_expired",
    "failed": "run_failed",
}
"""Why a message is not complete when its run ends like this."""

Event = tuple[str, dict[str, Any]]
Assistant = dict[str, Any]


class ThreadRun:
    """Every step changes what it is and tells those who listen. `epoch_s` is the wall clock."""

    def __init__(
        self, thread_id: str, request: RunRequest, assistant: Assistant, lifetime_s: float, epoch_s: Callable[[], float]
    ) -> None:
        self.steps: list[dict[str, Any]] = []
        self.message: Message | None = None
        """What it writes, once it does."""
        self._epoch_s = epoch_s
        self._shown = _begun(thread_id, request, assistant, self._now(), round(self._now() + lifetime_s))
        self._outputs: asyncio.Future[None] | None = None
        self._log: list[Event] = []
        self._news = asyncio.Event()
        self._tell_run("created")
        self._tell_run("queued")

    @property
    def id(self) -> str:
        """Its id."""
        return str(self._shown["id"])

    @property
    def status(self) -> str:
        """Where it is."""
        return str(self._shown["status"])

    @property
    def active(self) -> bool:
        """Whether it is not over."""
        return self.status in ACTIVE

    @property
    def instructions(self) -> str:
        """What it is told to do."""
        return str(self._shown["instructions"])

    @property
    def model(self) -> str:
        """The model asked for."""
        return str(self._shown["model"])

    @property
    def tools(self) -> list[dict[str, Any]]:
        """What it may call."""
        return list(self._shown["tools"])

    @property
    def max_completion_tokens(self) -> int | None:
        """The longest answer."""
        limit = self._shown["max_completion_tokens"]
        return None if limit is None else int(limit)

    @property
    def events_told(self) -> int:
        """How many events there are by now."""
        return len(self._log)

    def describe(self) -> dict[str, Any]:
        """Return it as the client sees it."""
        return copy.deepcopy(self._shown)

    def begin(self) -> None:
        """Say that it is being worked at."""
        self._shown["started_at"] = self._now()
        self._turn("in_progress")

    async def require(self, calls: Sequence[ToolCall]) -> None:
        """Want these functions called, and wait for what they give."""
        self._outputs = asyncio.get_running_loop().create_future()
        action = {"tool_calls": [call.wire() for call in calls]}
        self._shown["required_action"] = {"type": "submit_tool_outputs", "submit_tool_outputs": action}
        self._turn("requires_action")
        await self._outputs

    def submit(self, call_ids: set[str]) -> set[str]:
        """Take what functions gave; return the ids of the calls that are missing, and do nothing while there are."""
        action = self._shown["required_action"] or {"submit_tool_outputs": {"tool_calls": []}}
        missing = {call["id"] for call in action["submit_tool_outputs"]["tool_calls"]} - call_ids
        if not missing and self._outputs is not None:
            self._shown["required_action"] = None
            self._turn("queued")
            self._outputs.set_result(None)
        return missing

    def extend(self, delta: str) -> Message:
        """Write more; return the message that it is written to."""
        message = self.message or self._open()
        message["content"] = message["content"] or [text_content("")]
        message["content"][0]["text"]["value"] += delta
        content = [{"index": 0, **text_content(delta)}]
        told = {"id": message["id"], "object": "thread.message.delta", "delta": {"content": content}}
        self._tell("thread.message.delta", told)
        return message

    def complete(self, usage: dict[str, int]) -> None:
        """End it well."""
        self._shown["completed_at"] = self._now()
        self._end("completed", usage)

    def reach_limit(self, usage: dict[str, int]) -> None:
        """End it at its longest."""
        self._shown["incomplete_details"] = {"reason": "max_completion_tokens"}
        self._end("incomplete", usage)

    def fail(self, code: str, message: str) -> None:
        """End it with an error."""
        self._shown |= {"failed_at": self._now(), "last_error": {"code": code, "message": message}}
        self._end("failed", None)

    def expire(self) -> None:
        """End it because it took too long."""
        self._end("expired", None)

    def begin_cancelling(self) -> None:
        """Say that it is to end early."""
        self._turn("cancelling")

    def finish_cancelling(self) -> None:
        """Say that it has ended early."""
        self._shown["cancelled_at"] = self._now()
        self._end("cancelled", None)

    async def events(self, after: int = 0) -> AsyncGenerator[Event, None]:
        """Yield the events behind the first `after`, those to come as well, until it waits for the client or ends."""
        place = after
        while True:
            while place < len(self._log):
                yield self._log[place]
                place += 1
            if not self.active or self.status == "requires_action":
                return
            await self._news.wait()

    def _open(self) -> Message:
        """Say that it has begun to write."""
        shown = self._shown
        self.message = written_message(shown["thread_id"], shown["assistant_id"], self.id, self._now())
        step = _step(shown, self.message["id"], self._now())
        self.steps.append(step)
        self._tell("thread.run.step.created", step)
        self._tell("thread.run.step.in_progress", step)
        self._tell("thread.message.created", self.message)
        self._tell("thread.message.in_progress", self.message)
        return self.message

    def _end(self, status: str, usage: dict[str, int] | None) -> None:
        if self.message is not None:
            self._close(self.message, status)
        for step in self.steps:
            self._close_step(step, "completed" if status == "incomplete" else status, usage)
        self._shown |= {"expires_at": None, "required_action": None, "usage": usage}
        self._turn(status)

    def _close(self, message: Message, status: str) -> None:
        if status == "completed":
            message |= {"status": "completed", "completed_at": self._now()}
            self._tell("thread.message.completed", message)
            return
        reason = {"reason": MESSAGE_REASONS[status]}
        message |= {"status": "incomplete", "incomplete_at": self._now(), "incomplete_details": reason}
        self._tell("thread.message.incomplete", message)

    def _close_step(self, step: dict[str, Any], status: str, usage: dict[str, int] | None) -> None:
        step |= {"status": status, f"{status}_at": self._now(), "last_error": self._shown["last_error"], "usage": usage}
        self._tell(f"thread.run.step.{status}", step)

    def _turn(self, status: str) -> None:
        self._shown["status"] = status
        self._tell_run(status)

    def _tell_run(self, name: str) -> None:
        self._tell(f"thread.run.{name}", self._shown)

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        self._log.append((name, copy.deepcopy(data)))
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _now(self) -> int:
        return int(self._epoch_s())


def _begun(
    thread_id: str, request: RunRequest, assistant: Assistant, created_at: int, expires_at: int
) -> dict[str, Any]:
    told = assistant["instructions"] or "" if request.instructions is None else request.instructions
    return {
        "id": new_id("run"),
        "object": "thread.run",
        "created_at": created_at,
        "assistant_id": request.assistant_id,
        "thread_id": thread_id,
        "status": "queued",
        "started_at": None,
        "expires_at": expires_at,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "incomplete_details": None,
        "model": request.model or assistant["model"],
        "instructions": "\n\n".join(filter(None, [told, request.additional_instructions])),
        "tools": assistant["tools"] if request.tools is None else request.tools,
        "metadata": request.metadata or {},
        "temperature": assistant["temperature"] if request.temperature is None else request.temperature,
        "top_p": assistant["top_p"] if request.top_p is None else request.top_p,
        "max_prompt_tokens": request.max_prompt_tokens,
        "max_completion_tokens": request.max_completion_tokens,
        "truncation_strategy": request.truncation_strategy or {"type": "auto", "last_messages": None},
        "tool_choice": request.tool_choice or "auto",
        "parallel_tool_calls": request.parallel_tool_calls,
        "response_format": request.response_format or assistant["response_format"],
        "usage": None,
    }


def _step(run: dict[str, Any], message_id: str, created_at: int) -> dict[str, Any]:
    return {
        "id": new_id("step"),
        "object": "thread.run.step",
        "created_at": created_at,
        "run_id": run["id"],
        "assistant_id": run["assistant_id"],
        "thread_id": run["thread_id"],
        "type": "message_creation",
        "status": "in_progress",
        "cancelled_at": None,
        "completed_at": None,
        "expired_at": None,
        "failed_at": None,
        "last_error": None,
        "step_details": {"type": "message_creation", "message_creation": {"message_id": message_id}},
        "metadata": {},
        "usage": None,
    }
