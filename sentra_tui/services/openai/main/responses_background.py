"""The main assistant as background responses in a conversation that the provider keeps.

Source: https://platform.openai.com/docs/guides/background, …/docs/guides/conversation-state.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from sentra_tui.domain.errors import OutcomeUnknown, TransportRefused
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunEvent, RunRef, RunStatus
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import SILENCE_S, ApiClient
from sentra_tui.services.openai.main.background_run import IMPLEMENTATION, BackgroundRun
from sentra_tui.services.openai.main.main_settings import MainSettings
from sentra_tui.services.openai.main.response_objects import read_response, safe_name
from sentra_tui.services.openai.main.responses_api import ResponsesApi, response_body
from sentra_tui.services.openai.main.retry import LOCKED, Retry, Timing, is_locked
from sentra_tui.services.openai.main.text_status import rejects, text_refusal
from sentra_tui.services.openai.reply import Reply, ReplyStream
from sentra_tui.services.openai.status import error_body

_NEEDS = "background conversation store"


class ResponsesBackground:
    """The MainAssistant port. The run outlives the connection, and this process."""

    name = IMPLEMENTATION

    def __init__(
        self, client: ApiClient, key: Callable[[], Secret], settings: MainSettings, timing: Timing | None = None
    ) -> None:
        self._endpoint = client.endpoint
        self._settings = settings
        self._timing = timing or Timing()
        self._api = ResponsesApi(client, key, Retry(self._timing))
        self._conversation_id = ""
        self._is_known = False
        """Whether the conversation holds all that was asked so far."""
        self._may_stream = True
        self._run: BackgroundRun | None = None

    async def ask(self, request: MainRequest) -> AsyncGenerator[RunEvent, None]:
        """Yield what becomes of a question, as the port says."""
        run = self._new_run()
        try:
            events = await self._begin(run, request)
            self._is_known = False
            while True:
                for event in events:
                    self._remember(event)
                    yield event
                if run.over:
                    break
                events = await run.step()
        finally:
            await run.close()

    async def resume(self, ref: RunRef) -> AsyncGenerator[RunEvent, None]:
        """Yield the rest of a run, as the port says."""
        if not safe_name(ref.run_id):
            raise OutcomeUnknown("The name of the run is damaged.")
        run = self._new_run()
        run.found(ref)
        try:
            while not run.over:
                for event in await run.step():
                    yield event
        finally:
            await run.close()

    def adopt(self, ref: RunRef) -> None:
        """Go on in the conversation of this run, where it is one of ours."""
        if ref.implementation == IMPLEMENTATION and safe_name(ref.conversation_id):
            self._conversation_id = ref.conversation_id
            self._is_known = True

    async def cancel(self, ref: RunRef) -> None:
        """Stop a run; one that is over, or unknown, is no error. Raises TransportError."""
        if not safe_name(ref.run_id):
            return
        await self._api.cancel(ref.run_id)
        if self._run is not None and self._run.name == ref.run_id:
            self._run.wake()

    async def close(self) -> None:
        """Hold nothing: the stream belongs to the iterator."""

    def _new_run(self) -> BackgroundRun:
        self._run = BackgroundRun(self._api, self._endpoint, self._settings, self._timing)
        return self._run

    async def _begin(self, run: BackgroundRun, request: MainRequest) -> list[RunEvent]:
        answer = await self._created(request)
        if answer.is_events:
            run.streamed(self._conversation_id, answer)
            return []
        reply = await answer.read()
        response = read_response(reply.json())
        if response is None or not response.name:
            raise TransportRefused(
                f"{self._settings.label} answered without a response ({reply.status}).", hint="Check base_url."
            )
        return run.created(self._conversation_id, response, reply)

    async def _created(self, request: MainRequest) -> ReplyStream:
        """Create the response: in a new conversation where ours is gone, or an answer that an engine before us asked
        for does not let go of it; without a stream where there is none.
        """
        is_new = False
        while True:
            if not self._conversation_id:
                is_new, self._is_known = True, False
                self._conversation_id = await self._new_conversation()
            answer = await self._api.create(self._body(request), silence_s=SILENCE_S)
            if isinstance(answer, ReplyStream):
                return answer
            if not is_new and (self._is_gone(answer) or is_locked(answer)):
                self._conversation_id = ""
            elif self._may_stream and rejects(answer, "stream"):
                self._may_stream = False
            else:
                raise text_refusal(answer, self._endpoint, collection=True, needs=_NEEDS)

    def _remember(self, event: RunEvent) -> None:
        """A response that is completed is in the conversation from then on, with what it was asked."""
        self._is_known = isinstance(event, RunEnded) and event.status is RunStatus.COMPLETED

    def _body(self, request: MainRequest) -> dict[str, object]:
        text = request.news if self._is_known else request.full
        body = response_body(request, text, background=True, conversation=self._conversation_id)
        return {**body, "stream": True} if self._may_stream else body

    async def _new_conversation(self) -> str:
        reply = await self._api.converse()
        if reply.status >= 300:
            raise text_refusal(reply, self._endpoint, collection=True)
        body = reply.json()
        name = safe_name(body.get("id")) if isinstance(body, dict) else ""
        if not name:
            raise TransportRefused(f"{self._settings.label} made no conversation.", hint="Check base_url.")
        return name

    def _is_gone(self, reply: Reply) -> bool:
        """Whether the conversation that we went on in is no more."""
        error = error_body(reply)
        if reply.status not in (400, 404) or error.code == LOCKED:
            return False
        return self._conversation_id in error.message or (reply.status == 404 and error.param == "conversation")
