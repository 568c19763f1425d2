"""The main assistant over the Assistants API v2: one thread, in which runs are polled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from sentra_tui.domain.errors import OutcomeUnknown
from sentra_tui.domain.main_run import MainRequest, RunEvent, RunRef
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.main.assistants_api import AssistantsApi
from sentra_tui.services.openai.main.main_settings import MainSettings
from sentra_tui.services.openai.main.response_objects import safe_name
from sentra_tui.services.openai.main.retry import Retry, Timing, is_locked
from sentra_tui.services.openai.main.thread_run import ThreadRun
from sentra_tui.services.openai.reply import Reply

IMPLEMENTATION = "assistants"
SETTLE_S = 30.0
"""How long the run before may hold the thread; then the talk goes on in a new one."""
_LEAST_OUTPUT_TOKENS = 256
_GONE = (404, 410)


class AssistantsPoller:
    """The MainAssistant port. The run outlives the connection, and this process."""

    name = IMPLEMENTATION

    def __init__(
        self, client: ApiClient, key: Callable[[], Secret], settings: MainSettings, timing: Timing | None = None
    ) -> None:
        self._settings = settings
        self._timing = timing or Timing()
        self._api = AssistantsApi(client, key, Retry(self._timing))
        self._assistant_id = ""
        self._thread_id = ""
        self._run: ThreadRun | None = None

    async def ask(self, request: MainRequest) -> AsyncIterator[RunEvent]:
        """Yield what becomes of a question, as the port says."""
        await self._free_thread()
        if not self._assistant_id:
            self._assistant_id = await self._new_assistant(request)
        await self._say(request)
        begun = await self._begin(request)
        ref = RunRef(IMPLEMENTATION, self._api.name_of(begun), self._thread_id)
        self._run = ThreadRun(self._api, ref, self._settings, self._timing, begun)
        async with aclosing(self._run.events()) as events:
            async for event in events:
                yield event

    async def resume(self, ref: RunRef) -> AsyncIterator[RunEvent]:
        """Yield the rest of a run, as the port says."""
        if not _is_whole(ref):
            raise OutcomeUnknown("The name of the run is damaged.")
        async with aclosing(ThreadRun(self._api, ref, self._settings, self._timing).events()) as events:
            async for event in events:
                yield event

    def adopt(self, ref: RunRef) -> None:
        """Go on in the thread of this run, where it is one of ours."""
        if ref.implementation == IMPLEMENTATION and _is_whole(ref):
            self._thread_id = ref.conversation_id
            self._run = ThreadRun(self._api, ref, self._settings, self._timing)

    async def cancel(self, ref: RunRef) -> None:
        """Stop a run; one that is over, or unknown, is no error. Raises TransportError."""
        if not _is_whole(ref):
            return
        await self._api.cancel(ref.conversation_id, ref.run_id)
        if self._run is not None and self._run.ref == ref:
            self._run.wake()

    async def close(self) -> None:
        """Hold nothing: the thread stays at the provider, where the next process finds it."""

    async def _free_thread(self) -> None:
        """Wait for the run before: while it is active, a thread takes no message."""
        run, self._run = self._run, None
        if run is None or run.settled:
            return
        await run.settle(SETTLE_S)
        if not run.settled:
            self._thread_id = ""

    async def _new_assistant(self, request: MainRequest) -> str:
        body = {"model": request.model, "name": "sentra-tui", "instructions": request.instructions}
        return await self._api.make("/assistants", body)

    async def _say(self, request: MainRequest) -> None:
        """Add the question, to a new thread where ours is gone or does not become free."""
        if self._thread_id:
            reply = await self._add(request.news)
            if reply.status not in _GONE and not is_locked(reply):
                self._api.name_of(reply)
                return
        self._thread_id = await self._api.make("/threads", {})
        self._api.name_of(await self._add(request.full))

    async def _add(self, text: str) -> Reply:
        return await self._api.post(f"/threads/{self._thread_id}/messages", {"role": "user", "content": text})

    async def _begin(self, request: MainRequest) -> Reply:
        """Begin the run, with a new assistant where ours is gone. What may have changed since comes along."""
        reply = await self._post_run(request)
        if reply.status in _GONE:
            self._assistant_id = await self._new_assistant(request)
            reply = await self._post_run(request)
        return reply

    async def _post_run(self, request: MainRequest) -> Reply:
        body = {
            "assistant_id": self._assistant_id,
            "model": request.model,
            "instructions": request.instructions,
            "max_completion_tokens": max(request.max_output_tokens, _LEAST_OUTPUT_TOKENS),
        }
        return await self._api.post(f"/threads/{self._thread_id}/runs", body)


def _is_whole(ref: RunRef) -> bool:
    return bool(safe_name(ref.run_id) and safe_name(ref.conversation_id))
