"""The threads that the provider keeps, and the runs in them: one at a time in each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.models.answering import Answering, PlannedFailure
from sentra_tui.provider.models.text_model import TextMessage, TextModel
from sentra_tui.provider.models.tool_calls import ToolCall, calls_of
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.text.assistant_requests import MessageRequest, RunRequest, ThreadRequest
from sentra_tui.provider.text.thread_messages import Message, sent_message, text_messages
from sentra_tui.provider.text.thread_run import Assistant, ThreadRun
from sentra_tui.provider.text_faults import TextFault

MAX_THREADS = 200
PLANNED_TOOL = "planned_tool"
"""The function that a run wants called where the plan says so."""


class Thread:
    """Messages and runs, oldest first."""

    def __init__(self, request: ThreadRequest, created_at: int) -> None:
        self.id = new_id("thread")
        self.messages: list[Message] = [sent_message(self.id, each, created_at) for each in request.messages]
        self.runs: dict[str, ThreadRun] = {}
        self._created_at = created_at
        self._metadata = request.metadata or {}

    @property
    def active_run(self) -> ThreadRun | None:
        """The run that is not over."""
        return next((run for run in self.runs.values() if run.active), None)

    def describe(self) -> dict[str, Any]:
        """Return it as the client sees it."""
        shown = {"id": self.id, "object": "thread", "created_at": self._created_at, "metadata": self._metadata}
        return {**shown, "tool_resources": {}}

    def run(self, run_id: str) -> ThreadRun:
        """Return a run; raises ApiError (404)."""
        if run_id not in self.runs:
            raise ApiError(404, f"No run found with id '{run_id}'.")
        return self.runs[run_id]

    def message(self, message_id: str) -> Message:
        """Return a message; raises ApiError (404)."""
        for message in self.messages:
            if message["id"] == message_id:
                return message
        raise ApiError(404, f"No message found with id '{message_id}'.")


class Threads:
    """Owns the tasks of runs. `epoch_s` is the wall clock for dates."""

    def __init__(self, model: TextModel, epoch_s: Callable[[], float]) -> None:
        self._model = model
        self._epoch_s = epoch_s
        self._threads: dict[str, Thread] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, request: ThreadRequest) -> Thread:
        """Return a new thread; the oldest one that rests makes room for it where there are many. Raises ApiError."""
        if len(self._threads) >= MAX_THREADS:
            resting = next((each.id for each in self._threads.values() if each.active_run is None), "")
            if not resting:
                raise ApiError(429, "Too many runs are under way.", code="rate_limit_exceeded")
            del self._threads[resting]
        thread = Thread(request, self._now())
        self._threads[thread.id] = thread
        return thread

    def find(self, thread_id: str) -> Thread:
        """Return a thread; raises ApiError (404)."""
        if thread_id not in self._threads:
            raise ApiError(404, f"No thread found with id '{thread_id}'.")
        return self._threads[thread_id]

    def delete(self, thread_id: str) -> None:
        """Forget a thread, and end its run; raises ApiError (404)."""
        self._end_runs(self.find(thread_id))
        del self._threads[thread_id]

    def add_message(self, thread: Thread, request: MessageRequest) -> Message:
        """Put a message into a thread; raises ApiError (400) while a run is active."""
        if thread.active_run is not None:
            raise ApiError(400, f"Can't add messages to {thread.id} while a run {thread.active_run.id} is active.")
        message = sent_message(thread.id, request, self._now())
        thread.messages.append(message)
        return message

    def begin_run(self, thread: Thread, request: RunRequest, assistant: Assistant, fault: TextFault) -> ThreadRun:
        """Begin a run; raises ApiError (400) while another one is active."""
        if thread.active_run is not None:
            raise ApiError(400, f"Thread {thread.id} already has an active run {thread.active_run.id}.")
        for message in request.additional_messages or ():
            self.add_message(thread, message)
        run = ThreadRun(thread.id, request, assistant, fault.expire_after_s, self._epoch_s)
        thread.runs[run.id] = run
        task = asyncio.create_task(self._work(thread, run, fault))
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._settle(run))
        return run

    def cancel(self, run: ThreadRun) -> None:
        """End a run early; raises ApiError (400) where it is over, or ending."""
        if not run.active or run.status == "cancelling":
            raise ApiError(400, f"Cannot cancel run with status '{run.status}'.")
        run.begin_cancelling()
        self._tasks[run.id].cancel()

    async def close(self) -> None:
        """End all runs."""
        tasks = list(self._tasks.values())
        for thread in self._threads.values():
            self._end_runs(thread)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end_runs(self, thread: Thread) -> None:
        run = thread.active_run
        if run is not None and run.status != "cancelling":
            self.cancel(run)

    async def _work(self, thread: Thread, run: ThreadRun, fault: TextFault) -> None:
        try:
            async with asyncio.timeout(fault.expire_after_s):
                await self._write(thread, run, fault)
        except TimeoutError:
            run.expire()
        except PlannedFailure as failure:
            run.fail(failure.code, failure.message)
        except ProviderError as error:
            run.fail("server_error", error.message)

    async def _write(self, thread: Thread, run: ThreadRun, fault: TextFault) -> None:
        """Write the answer; raises ProviderError."""
        if fault.stuck == "queued":
            await asyncio.Event().wait()
        run.begin()
        instructions = [TextMessage("system", run.instructions)] if run.instructions else []
        messages = [*instructions, *text_messages(thread.messages)]
        calls = self._calls(messages, run, fault)
        if calls:
            await run.require(calls)
            run.begin()
        answering = Answering(self._model, fault, run.max_completion_tokens)
        async with contextlib.aclosing(answering.write(messages, run.model)) as pieces:
            async for piece in pieces:
                message = run.extend(piece)
                if message is not thread.messages[-1]:
                    thread.messages.append(message)
        prompt = sum(len(message.text.split()) for message in messages)
        total = prompt + answering.words
        usage = {"prompt_tokens": prompt, "completion_tokens": answering.words, "total_tokens": total}
        if answering.cut:
            run.reach_limit(usage)
        else:
            run.complete(usage)

    def _calls(self, messages: list[TextMessage], run: ThreadRun, fault: TextFault) -> list[ToolCall]:
        if fault.requires_action:
            return [ToolCall(new_id("call"), PLANNED_TOOL)]
        return calls_of(self._model, messages, run.tools)

    def _settle(self, run: ThreadRun) -> None:
        self._tasks.pop(run.id)
        if run.status == "cancelling":
            run.finish_cancelling()

    def _now(self) -> int:
        return int(self._epoch_s())
