"""A main assistant of the tests' own: a real implementation of the port, without a provider behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from sentra_tui.domain.errors import OutcomeUnknown, SentraError
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunEvent, RunExtended, RunNamed, RunRef, RunStatus
from sentra_tui.domain.ports import StoredRun
from sentra_tui.domain.usage import Usage


class ScriptedAssistant:
    """Answers with what `reply` makes of each request, a word at a time, once `go` is set."""

    name = "scripted"

    def __init__(self, reply: Callable[[MainRequest], str | SentraError]) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.may_stop = asyncio.Event()
        self.may_stop.set()
        self.requests: list[MainRequest] = []
        self.cancelled: list[RunRef] = []
        self.adopted: list[RunRef] = []
        self.kept: dict[str, str] = {}
        self.running = 0
        self.closed = False
        self._reply = reply

    async def ask(self, request: MainRequest) -> AsyncIterator[RunEvent]:
        assert not self.running, "asked while a run is under way"
        self.running += 1
        self.requests.append(request)
        try:
            text = self._reply(request)
            if isinstance(text, SentraError):
                raise text
            ref = RunRef(self.name, f"run_{len(self.requests)}", "conv_1")
            yield RunNamed(ref)
            await self.go.wait()
            async for event in self._words(text):
                yield event
        finally:
            self.running -= 1

    async def resume(self, ref: RunRef) -> AsyncIterator[RunEvent]:
        if ref.run_id not in self.kept:
            raise OutcomeUnknown("Nobody remembers.")
        await self.go.wait()
        async for event in self._words(self.kept[ref.run_id]):
            yield event

    async def _words(self, text: str) -> AsyncIterator[RunEvent]:
        for word in text.split(" "):
            await asyncio.sleep(0)
            yield RunExtended(f"{word} ")
        yield RunEnded(RunStatus.COMPLETED, text, Usage(text_in=10, text_out=2), "m")

    def adopt(self, ref: RunRef) -> None:
        self.adopted.append(ref)

    async def cancel(self, ref: RunRef) -> None:
        await self.may_stop.wait()
        self.cancelled.append(ref)

    async def close(self) -> None:
        self.closed = True


class ListRunBook:
    """Keeps what is written down, with the number of answers that the screen knew by then."""

    def __init__(self, shown: Callable[[], int]) -> None:
        self.opened: list[StoredRun] = []
        self.named: list[tuple[str, RunRef]] = []
        self.shown_when_opened: list[int] = []
        self._shown = shown

    async def run_opened(self, run: StoredRun) -> None:
        self.shown_when_opened.append(self._shown())
        self.opened.append(run)

    async def run_named(self, answer_id: str, ref: RunRef) -> None:
        self.named.append((answer_id, ref))
