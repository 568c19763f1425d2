"""Runs of the Assistants API: begun, polled, streamed, cancelled, and given what their functions gave."""

from __future__ import annotations

from contextlib import aclosing

from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.text.assistant_requests import RunRequest, ThreadRunRequest, ToolOutputsRequest
from sentra_tui.provider.text.assistants import Assistants
from sentra_tui.provider.text.assistants_door import guard
from sentra_tui.provider.text.door import POLL_AFTER, TextDoor, json_reply
from sentra_tui.provider.text.paging import page
from sentra_tui.provider.text.request_body import read_body
from sentra_tui.provider.text.sse import EventStream
from sentra_tui.provider.text.thread_run import ThreadRun
from sentra_tui.provider.text.threads import Thread, Threads
from sentra_tui.provider.text_faults import TextFault

POLL_AFTER_MS = 300
"""When to ask for a run again, where the plan does not say."""


class ThreadRunsApi:
    """The endpoints of runs; ends the runs when it is closed."""

    def __init__(self, door: TextDoor, assistants: Assistants, threads: Threads) -> None:
        self._door = door
        self._assistants = assistants
        self._threads = threads

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp; that of new threads stands before those of threads by their id."""
        door = self._door
        run = "/v1/threads/{thread_id}/runs/{run_id}"
        return [
            web.post("/v1/threads/runs", guard(door, self._begin_both)),
            web.post("/v1/threads/{thread_id}/runs", guard(door, self._begin)),
            web.get("/v1/threads/{thread_id}/runs", guard(door, self._list)),
            web.get(run, guard(door, self._get)),
            web.post(f"{run}/cancel", guard(door, self._cancel)),
            web.post(f"{run}/submit_tool_outputs", guard(door, self._submit)),
            web.get(f"{run}/steps", guard(door, self._list_steps)),
        ]

    async def close(self) -> None:
        """End all that runs."""
        await self._threads.close()

    async def _begin_both(self, request: web.Request, fault: TextFault) -> web.StreamResponse:
        wanted = await read_body(request, ThreadRunRequest)
        assistant = self._assistants.find(wanted.assistant_id)
        thread = self._threads.begin(wanted.thread)
        run = self._threads.begin_run(thread, wanted, assistant, fault)
        if wanted.stream:
            return await _stream(EventStream(request, fault), run, new_thread=thread)
        return json_reply(run.describe(), fault)

    async def _begin(self, request: web.Request, fault: TextFault) -> web.StreamResponse:
        wanted = await read_body(request, RunRequest)
        thread = self._thread(request)
        run = self._threads.begin_run(thread, wanted, self._assistants.find(wanted.assistant_id), fault)
        if wanted.stream:
            return await _stream(EventStream(request, fault), run)
        return json_reply(run.describe(), fault)

    async def _list(self, request: web.Request, fault: TextFault) -> web.Response:
        runs = [run.describe() for run in self._thread(request).runs.values()]
        return json_reply(page(runs, request.query), fault)

    async def _get(self, request: web.Request, fault: TextFault) -> web.Response:
        reply = json_reply(self._run(request).describe(), fault)
        reply.headers.setdefault(POLL_AFTER, str(POLL_AFTER_MS))
        return reply

    async def _cancel(self, request: web.Request, fault: TextFault) -> web.Response:
        run = self._run(request)
        self._threads.cancel(run)
        return json_reply(run.describe(), fault)

    async def _submit(self, request: web.Request, fault: TextFault) -> web.StreamResponse:
        wanted = await read_body(request, ToolOutputsRequest)
        run = self._run(request)
        if run.status != "requires_action":
            raise ApiError(400, f'Runs in status "{run.status}" do not accept tool outputs.')
        told = run.events_told
        missing = run.submit({output.tool_call_id for output in wanted.tool_outputs})
        if missing:
            raise ApiError(400, f"Expected tool outputs for call_ids {sorted(missing)}.")
        if wanted.stream:
            return await _stream(EventStream(request, fault), run, after=told)
        return json_reply(run.describe(), fault)

    async def _list_steps(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(page(self._run(request).steps, request.query), fault)

    def _thread(self, request: web.Request) -> Thread:
        return self._threads.find(request.match_info["thread_id"])

    def _run(self, request: web.Request) -> ThreadRun:
        return self._thread(request).run(request.match_info["run_id"])


async def _stream(
    stream: EventStream, run: ThreadRun, *, after: int = 0, new_thread: Thread | None = None
) -> web.StreamResponse:
    async with stream, aclosing(run.events(after)) as events:
        if new_thread is not None:
            await stream.send(new_thread.describe(), "thread.created")
        async for name, data in events:
            await stream.send(data, name)
        await stream.send_text("[DONE]", "done")
    return stream.response
