"""Looking at a run of the Assistants API now and then, until it is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from sentra_tui.domain.errors import OutcomeUnknown, TransportError, TransportLost
from sentra_tui.domain.main_run import RunEnded, RunEvent, RunNamed, RunProgressed, RunRef, RunStatus
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.main.assistants_api import AssistantsApi
from sentra_tui.services.openai.main.main_settings import CANCEL_S, MainSettings, duration
from sentra_tui.services.openai.main.patience import Patience
from sentra_tui.services.openai.main.retry import PollPace, Retry, Timing, poll_after_s, worth_asking_again
from sentra_tui.services.openai.main.run_objects import RunObject, read_run, read_words
from sentra_tui.services.openai.reply import Reply


class ThreadRun:
    """One run that was begun; `settled` says that its thread is free again."""

    def __init__(
        self, api: AssistantsApi, ref: RunRef, settings: MainSettings, timing: Timing, begun: Reply | None = None
    ) -> None:
        """`begun` is the reply that began it; a run of another process is looked at at once."""
        self.ref = ref
        self.settled = False
        self._api = api
        self._settings = settings
        self._timing = timing
        self._retry = Retry(timing)
        self._pace = PollPace(timing, settings.poll_s)
        self._failures = 0
        self._wait_s = 0.0 if begun is None else self._poll_s(begun)
        self._pausing: Patience | None = None

    async def events(self) -> AsyncGenerator[RunEvent, None]:
        """Yield its name, how it goes, and its end.

        Raises OutcomeUnknown where the server does not know it, CredentialRefused or TransportRefused where it says no.
        """
        yield RunNamed(self.ref)
        stage = ""
        deadline_s = self._timing.monotonic() + self._settings.deadline_s
        while (left_s := deadline_s - self._timing.monotonic()) > 0:
            await self._pause(left_s)
            run = await self._look()
            if run is None or run.status == stage:
                continue
            if run.over:
                yield await self._ended(run)
                return
            stage = run.status
            yield RunProgressed(clean_line(stage, 40))
        await self._stop()
        yield RunEnded(RunStatus.INCOMPLETE, "", cause=f"no answer in {duration(self._settings.deadline_s)}")

    async def settle(self, limit_s: float) -> None:
        """Wait until it no longer holds its thread, but not for longer than `limit_s`; raises like `events`."""
        until_s = self._timing.monotonic() + limit_s
        while not self.settled and (left_s := until_s - self._timing.monotonic()) > 0:
            with contextlib.suppress(OutcomeUnknown):
                await self._look()
            if not self.settled:
                await self._pause(left_s)

    def wake(self) -> None:
        """Look at once how it stands; somebody has stopped it."""
        if self._pausing is not None:
            self._pausing.stop()

    async def _look(self) -> RunObject | None:
        """Return it as it stands, None where that could not be seen."""
        try:
            reply = await self._api.look(self.ref.conversation_id, self.ref.run_id)
        except TransportLost:
            self._missed(self._timing.backoff_s(self._failures))
            return None
        if reply.status in (404, 410):
            self.settled = True
            raise OutcomeUnknown(f"{self._settings.label} does not know this answer any more ({reply.status}).")
        if worth_asking_again(reply):
            self._missed(self._retry.wait_s(reply, self._failures))
            return None
        if reply.status >= 300:
            raise self._api.refusal(reply)
        run = read_run(reply.json())
        if run is None:
            self._missed(self._timing.backoff_s(self._failures))
            return None
        self._failures = 0
        self._wait_s = self._poll_s(reply)
        self.settled = run.over and not run.wants_tool
        return run

    def _missed(self, wait_s: float) -> None:
        """A look that showed nothing: look again later."""
        self._failures += 1
        self._wait_s = max(wait_s, self._pace.next_s())

    def _poll_s(self, reply: Reply) -> float:
        asked_s = poll_after_s(reply.headers)
        return self._pace.next_s() if asked_s is None else asked_s

    async def _pause(self, longest_s: float) -> None:
        self._pausing = Patience(longest_s)
        with contextlib.suppress(TimeoutError):
            await self._pausing.wait(self._timing.sleep(min(self._wait_s, longest_s)))
        self._pausing = None

    async def _ended(self, run: RunObject) -> RunEnded:
        if run.wants_tool:
            await self._stop()
        if not run.has_words:
            return run.ended("")
        try:
            reply = await self._api.messages(self.ref.conversation_id, self.ref.run_id)
        except TransportLost as error:
            raise OutcomeUnknown(f"The answer is there and could not be read: {error.message}") from None
        if reply.status >= 300:
            raise OutcomeUnknown(f"The answer is there and could not be read ({reply.status}).")
        return run.ended(*read_words(reply.json(), self.ref.run_id))

    async def _stop(self) -> None:
        with contextlib.suppress(TransportError, TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                await self._api.cancel(self.ref.conversation_id, self.ref.run_id)
