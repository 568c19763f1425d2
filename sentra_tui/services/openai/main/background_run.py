"""Following a background response to its end: over its stream, over what is left of it, or by looking now and then."""

from __future__ import annotations

import asyncio
import contextlib

from sentra_tui.domain.errors import OutcomeUnknown, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.main_run import RunEvent, RunNamed, RunRef, RunStatus
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.main.main_settings import CANCEL_S, MainSettings, duration
from sentra_tui.services.openai.main.response_objects import ResponseObject, read_response
from sentra_tui.services.openai.main.response_reader import ResponseReader
from sentra_tui.services.openai.main.responses_api import ResponsesApi
from sentra_tui.services.openai.main.retry import PollPace, Retry, Timing, poll_after_s, worth_asking_again
from sentra_tui.services.openai.main.text_status import text_refusal
from sentra_tui.services.openai.reply import Reply, ReplyStream

IMPLEMENTATION = "responses_background"
RESUMES = 5
"""How often a stream is taken up again without a new event."""
NAMED_EVERY_S = 1.0


class BackgroundRun:
    """One run: call `step` until it is `over`, then `close` it.

    A stream that breaks is resumed behind the last event that was read. Where it has none, or the server does not do
    that, the run is polled.
    """

    def __init__(self, api: ResponsesApi, endpoint: Endpoint, settings: MainSettings, timing: Timing) -> None:
        self._api = api
        self._endpoint = endpoint
        self._settings = settings
        self._timing = timing
        self._retry = Retry(timing)
        self._pace = PollPace(timing, settings.poll_s)
        self._deadline_s = timing.monotonic() + settings.deadline_s
        self._reader = ResponseReader()
        self._conversation_id = ""
        self._told: RunRef | None = None
        self._told_at_s = 0.0
        self._stream: ReplyStream | None = None
        self._may_stream = True
        self._in_contact = False
        self._resumes = 0
        self._failures = 0
        self._wait_s = 0.0
        self._scope: asyncio.Timeout | None = None
        self._awake = False

    @property
    def name(self) -> str:
        """Its id at the provider; empty until that is known."""
        return self._reader.name

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._reader.over

    def streamed(self, conversation_id: str, stream: ReplyStream) -> None:
        """Begin with the stream of what was just created."""
        self._conversation_id = conversation_id
        self._stream, self._in_contact = stream, True

    def created(self, conversation_id: str, response: ResponseObject, reply: Reply) -> list[RunEvent]:
        """Begin with what was just created without a stream; return what is known by then."""
        self._conversation_id = conversation_id
        self._may_stream = False
        self._set_wait(reply)
        return self._named(self._reader.response(response))

    def found(self, ref: RunRef) -> None:
        """Begin with a run of another process: its stream, if it still runs, is read from the beginning."""
        self._conversation_id = ref.conversation_id
        self._reader = ResponseReader(ref.run_id)

    def wake(self) -> None:
        """Look at once how the run stands; somebody has stopped it."""
        self._awake = True
        if self._scope is not None and not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time())

    async def step(self) -> list[RunEvent]:
        """Return what happens next, perhaps nothing.

        Raises OutcomeUnknown where the server does not know the run, CredentialRefused or TransportRefused where it
        says no.
        """
        left_s = self._deadline_s - self._timing.monotonic()
        if left_s <= 0:
            return await self._give_up()
        try:
            async with asyncio.timeout(0 if self._awake else left_s) as self._scope:
                return await self._next()
        except TimeoutError:
            if self._awake:
                await self._wake_up()
            return []
        finally:
            self._scope = None

    async def close(self) -> None:
        """Let go of the stream; the run goes on at the provider."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    async def _wake_up(self) -> None:
        self._awake = False
        self._may_stream = False
        self._wait_s = 0.0
        await self.close()

    async def _next(self) -> list[RunEvent]:
        if self._stream is not None:
            return await self._read(self._stream)
        if not self.name:
            raise OutcomeUnknown(f"The connection to {self._endpoint.host} broke before the answer began.")
        if self._may_stream and self._in_contact and self._resumes < RESUMES:
            await self._resume()
            return []
        return await self._poll()

    async def _read(self, stream: ReplyStream) -> list[RunEvent]:
        before = self._reader.sequence_number
        try:
            events = self._reader.event(await anext(stream))
        except (StopAsyncIteration, TransportLost):
            self._may_stream = self._may_stream and before is not None
            await self.close()
            return []
        except TransportRefused:
            self._may_stream = False
            await self.close()
            return []
        if self._reader.sequence_number != before:
            self._resumes = 0
        if self._reader.trouble:
            return await self._troubled()
        return self._named(events)

    async def _troubled(self) -> list[RunEvent]:
        """An `error` event ends the stream; how the run stands is what the server says when it is asked."""
        self._may_stream = False
        await self.close()
        return [] if self.name else [self._reader.cut_off(RunStatus.FAILED, self._reader.trouble)]

    async def _resume(self) -> None:
        await self._timing.sleep(self._timing.backoff_s(self._resumes) if self._resumes else 0)
        self._resumes += 1
        try:
            stream = await self._api.resume(self.name, self._reader.sequence_number)
            if stream.status < 300 and stream.is_events:
                self._reader.resumed()
                self._stream = stream
                return
            refused = await stream.read()
        except TransportError:
            self._in_contact = False
        else:
            self._may_stream = self._in_contact = worth_asking_again(refused)

    async def _poll(self) -> list[RunEvent]:
        await self._timing.sleep(self._wait_s)
        try:
            reply = await self._api.look(self.name)
        except TransportLost:
            return self._missed(self._timing.backoff_s(self._failures))
        if reply.status in (404, 410):
            raise OutcomeUnknown(f"{self._settings.label} does not know this answer any more ({reply.status}).")
        if worth_asking_again(reply):
            return self._missed(self._retry.wait_s(reply, self._failures))
        if reply.status >= 300:
            raise text_refusal(reply, self._endpoint)
        response = read_response(reply.json())
        if response is None:
            return self._missed(self._timing.backoff_s(self._failures))
        self._failures = 0
        self._in_contact = True
        self._set_wait(reply)
        return self._named(self._reader.response(response))

    def _missed(self, wait_s: float) -> list[RunEvent]:
        """A look that showed nothing: look again later, until the deadline."""
        self._failures += 1
        self._wait_s = max(wait_s, self._pace.next_s())
        return []

    def _set_wait(self, reply: Reply) -> None:
        asked_s = poll_after_s(reply.headers)
        self._wait_s = self._pace.next_s() if asked_s is None else asked_s

    def _named(self, events: list[RunEvent]) -> list[RunEvent]:
        """Return `events` after the name of the run, where that is new or has moved on for a while."""
        if not self.name:
            return events
        ref = RunRef(IMPLEMENTATION, self.name, self._conversation_id, self._reader.sequence_number)
        now_s = self._timing.monotonic()
        if self._told is None or (ref != self._told and now_s - self._told_at_s >= NAMED_EVERY_S):
            self._told, self._told_at_s = ref, now_s
            return [RunNamed(ref), *events]
        return events

    async def _give_up(self) -> list[RunEvent]:
        await self.close()
        if not self.name:
            raise OutcomeUnknown(f"{self._settings.label} did not say whether it began.")
        with contextlib.suppress(TransportError, TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                await self._api.cancel(self.name)
        return [self._reader.cut_off(RunStatus.INCOMPLETE, f"no answer in {duration(self._settings.deadline_s)}")]
