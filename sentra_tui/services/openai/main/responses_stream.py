"""The main assistant as streamed responses, each chained to the one before it.

Source: https://platform.openai.com/docs/guides/streaming-responses, …/docs/guides/conversation-state.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from sentra_tui.domain.errors import OutcomeUnknown, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunEvent, RunNamed, RunRef, RunStatus
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.main.main_settings import CANCEL_S, MainSettings, duration
from sentra_tui.services.openai.main.patience import Patience
from sentra_tui.services.openai.main.response_objects import read_response, safe_name
from sentra_tui.services.openai.main.response_reader import ResponseReader
from sentra_tui.services.openai.main.responses_api import ResponsesApi, response_body
from sentra_tui.services.openai.main.retry import Retry, Timing
from sentra_tui.services.openai.main.text_status import rejects, text_refusal
from sentra_tui.services.openai.reply import Reply, ReplyStream
from sentra_tui.services.openai.status import error_body

IMPLEMENTATION = "responses"
SILENCE_S = 180.0
"""A model may think for minutes without a word, and this stream cannot be taken up again."""
_NEEDS = "stream store"


class ResponsesStream:
    """The MainAssistant port. The run lasts as long as its connection; only some servers can tell of it afterwards."""

    name = IMPLEMENTATION

    def __init__(
        self, client: ApiClient, key: Callable[[], Secret], settings: MainSettings, timing: Timing | None = None
    ) -> None:
        self._endpoint = client.endpoint
        self._settings = settings
        self._api = ResponsesApi(client, key, Retry(timing or Timing()))
        self._previous_id = ""
        self._is_known = False
        """Whether the response before holds all that was asked so far."""
        self._reader = ResponseReader()
        self._patience: Patience | None = None

    async def ask(self, request: MainRequest) -> AsyncGenerator[RunEvent, None]:
        """Yield what becomes of a question, as the port says."""
        reader = self._reader = ResponseReader()
        patience = self._patience = Patience(self._settings.deadline_s)
        async with await self._created(request) as stream:
            self._is_known = False
            ref: RunRef | None = None
            while not reader.over:
                events = await self._step(reader, stream, patience)
                if ref is None and reader.name:
                    ref = RunRef(IMPLEMENTATION, reader.name, self._previous_id)
                    yield RunNamed(ref)
                for event in events:
                    self._remember(event)
                    yield event

    async def resume(self, ref: RunRef) -> AsyncGenerator[RunEvent, None]:
        """Yield how a run ended, where the server keeps that: its stream cannot be taken up again."""
        for event in await self._look(ResponseReader(safe_name(ref.run_id))):
            yield event

    def adopt(self, ref: RunRef) -> None:
        """Go on behind this run, where it is one of ours."""
        if ref.implementation == IMPLEMENTATION and safe_name(ref.run_id):
            self._previous_id = ref.run_id
            self._is_known = True

    async def cancel(self, ref: RunRef) -> None:
        """Stop a run: its stream is closed, and the server is told, which need not know how to stop it."""
        if not safe_name(ref.run_id):
            return
        if self._patience is not None and self._reader.name == ref.run_id:
            self._patience.stop()
        await self._tell_to_stop(ref.run_id)

    async def close(self) -> None:
        """Hold nothing: the stream belongs to the iterator."""

    async def _step(self, reader: ResponseReader, stream: ReplyStream, patience: Patience) -> list[RunEvent]:
        try:
            return await patience.wait(self._next(reader, stream))
        except TimeoutError:
            if patience.stopped:
                return [reader.cut_off(RunStatus.CANCELLED, "stopped")]
        if not reader.name:
            raise OutcomeUnknown(f"{self._settings.label} did not say whether it began.")
        await self._tell_to_stop(reader.name)
        return [reader.cut_off(RunStatus.INCOMPLETE, f"no answer in {duration(self._settings.deadline_s)}")]

    async def _next(self, reader: ResponseReader, stream: ReplyStream) -> list[RunEvent]:
        if not stream.is_events:
            return self._whole(reader, await stream.read())
        try:
            events = reader.event(await anext(stream))
        except (StopAsyncIteration, TransportLost):
            return await self._look(reader)
        if reader.trouble:
            return [reader.cut_off(RunStatus.FAILED, reader.trouble)]
        return events

    async def _look(self, reader: ResponseReader) -> list[RunEvent]:
        """Return the end of a run whose stream broke; raises OutcomeUnknown where the server does not tell it."""
        unknown = OutcomeUnknown(f"The answer of {self._settings.label} broke off, and how it ended is not known.")
        if not reader.name:
            raise unknown
        try:
            reply = await self._api.look(reader.name)
        except TransportLost:
            raise unknown from None
        response = read_response(reply.json()) if reply.status < 300 else None
        events = [] if response is None else reader.response(response)
        match events:
            case [RunEnded(status=RunStatus.CANCELLED, text=text)] if (
                self._patience is None or not self._patience.stopped
            ):
                return [RunEnded(RunStatus.INCOMPLETE, text, cause="the connection broke, and the provider stopped")]
            case [RunEnded()]:
                return events
        raise unknown

    def _whole(self, reader: ResponseReader, reply: Reply) -> list[RunEvent]:
        """Return what a server says that does not stream."""
        response = read_response(reply.json())
        events = [] if response is None else reader.response(response)
        if not reader.over:
            raise TransportRefused(
                f"{self._settings.label} answered without a response ({reply.status}).", hint="Check base_url."
            )
        return events

    def _remember(self, event: RunEvent) -> None:
        """Chain the next response to this one, where it holds what was asked and answered."""
        if isinstance(event, RunEnded) and event.status is RunStatus.COMPLETED and self._reader.name:
            self._previous_id = self._reader.name
            self._is_known = True

    async def _tell_to_stop(self, run_id: str) -> None:
        with contextlib.suppress(TransportError, TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                await self._api.cancel(run_id)

    async def _created(self, request: MainRequest) -> ReplyStream:
        """Begin the response; where the one before it is not to be had, begin anew."""
        while True:
            chained = {"previous_response_id": self._previous_id} if self._previous_id else {}
            text = request.news if chained and self._is_known else request.full
            body = response_body(request, text, stream=True, **chained)
            answer = await self._api.create(body, silence_s=SILENCE_S)
            if isinstance(answer, ReplyStream):
                return answer
            if not chained or not self._is_unchained(answer):
                raise text_refusal(answer, self._endpoint, collection=True, needs=_NEEDS)
            self._previous_id = ""

    def _is_unchained(self, reply: Reply) -> bool:
        """Whether the server does not have the response before, or has none ever."""
        error = error_body(reply)
        gone = reply.status in (400, 404) and (
            error.code == "previous_response_not_found" or self._previous_id in error.message
        )
        return gone or rejects(reply, "previous_response_id")
