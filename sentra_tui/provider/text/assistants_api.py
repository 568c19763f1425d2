"""The Assistants API, version 2: assistants, threads and messages. OpenAI removed it in 2026; other servers have it.

Shapes as the `openai` package has them (`openai.types.beta`), wordings of refusals as OpenAI's server had them.
"""

from __future__ import annotations

from aiohttp import web

from sentra_tui.provider.text.assistant_requests import AssistantRequest, MessageRequest, ThreadRequest
from sentra_tui.provider.text.assistants import Assistants
from sentra_tui.provider.text.assistants_door import guard
from sentra_tui.provider.text.door import TextDoor, json_reply
from sentra_tui.provider.text.paging import page
from sentra_tui.provider.text.request_body import read_body
from sentra_tui.provider.text.threads import Thread, Threads
from sentra_tui.provider.text_faults import TextFault


class AssistantsApi:
    """All but the runs, which `ThreadRunsApi` has."""

    def __init__(self, door: TextDoor, assistants: Assistants, threads: Threads) -> None:
        self._door = door
        self._assistants = assistants
        self._threads = threads

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        door = self._door
        return [
            web.post("/v1/assistants", guard(door, self._make)),
            web.get("/v1/assistants", guard(door, self._list_assistants)),
            web.get("/v1/assistants/{assistant_id}", guard(door, self._get_assistant)),
            web.delete("/v1/assistants/{assistant_id}", guard(door, self._delete_assistant)),
            web.post("/v1/threads", guard(door, self._begin)),
            web.get("/v1/threads/{thread_id}", guard(door, self._get_thread)),
            web.delete("/v1/threads/{thread_id}", guard(door, self._delete_thread)),
            web.post("/v1/threads/{thread_id}/messages", guard(door, self._add_message)),
            web.get("/v1/threads/{thread_id}/messages", guard(door, self._list_messages)),
            web.get("/v1/threads/{thread_id}/messages/{message_id}", guard(door, self._get_message)),
        ]

    async def close(self) -> None:
        """Nothing goes on behind a request that is answered."""

    async def _make(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(self._assistants.make(await read_body(request, AssistantRequest)), fault)

    async def _list_assistants(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(page(self._assistants.list(), request.query), fault)

    async def _get_assistant(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(self._assistants.find(request.match_info["assistant_id"]), fault)

    async def _delete_assistant(self, request: web.Request, fault: TextFault) -> web.Response:
        assistant_id = request.match_info["assistant_id"]
        self._assistants.delete(assistant_id)
        return json_reply({"id": assistant_id, "object": "assistant.deleted", "deleted": True}, fault)

    async def _begin(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(self._threads.begin(await read_body(request, ThreadRequest)).describe(), fault)

    async def _get_thread(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(self._thread(request).describe(), fault)

    async def _delete_thread(self, request: web.Request, fault: TextFault) -> web.Response:
        thread_id = request.match_info["thread_id"]
        self._threads.delete(thread_id)
        return json_reply({"id": thread_id, "object": "thread.deleted", "deleted": True}, fault)

    async def _add_message(self, request: web.Request, fault: TextFault) -> web.Response:
        wanted = await read_body(request, MessageRequest)
        return json_reply(self._threads.add_message(self._thread(request), wanted), fault)

    async def _list_messages(self, request: web.Request, fault: TextFault) -> web.Response:
        messages = self._thread(request).messages
        if "run_id" in request.query:
            messages = [message for message in messages if message["run_id"] == request.query["run_id"]]
        return json_reply(page(messages, request.query), fault)

    async def _get_message(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(self._thread(request).message(request.match_info["message_id"]), fault)

    def _thread(self, request: web.Request) -> Thread:
        return self._threads.find(request.match_info["thread_id"])
