"""What an output plays, as a source that looks after itself."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import Report, SourceReport
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.loopback.capture import LoopbackCapture
from sentra_tui.services.audio.loopback.steady import SteadyFrames
from sentra_tui.services.audio.thread import on_a_thread

T = TypeVar("T")
LOOK_S = 0.5
QUIET_S = 5.0
"""After so long without sound the default output may be another one by now: it is looked for again."""
_COMES_BACK = "It is taken again when it is back. Press d to choose another."


class LoopbackSource:
    """An AudioSource: what an output plays, the default one or one by name. `open` makes it.

    It gives silence while nothing plays, and while the output is gone. `follows` says that the platform does not
    follow a default output that changes, so that we do, whenever nothing was heard for a while.
    """

    def __init__(
        self,
        make: Callable[[], LoopbackCapture],
        name: str = "",
        report: Report | None = None,
        *,
        follows: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.label = clean_line(name, 80) or "what plays"
        self._make = make
        self._name = name
        self._report = report or _no_report
        self._follows = follows and not name
        self._clock = clock
        self._frames = SteadyFrames(clock)
        self._capture: LoopbackCapture | None = None
        self._supervision: asyncio.Task[None] | None = None
        self._told = SourceReport()
        self._turn = threading.Lock()
        self._begun_at = clock()
        self._closed = False

    async def open(self) -> None:
        """Begin to hear it, once; raises SourceError."""
        if self._supervision is None:
            await self._begin()
            self._supervision = asyncio.create_task(self._supervise(), name=f"loopback {self.label}")

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a frame each 20 ms, until it is closed; raises SourceError when it does not open."""
        await self.open()
        while not self._closed:
            frame = await self._frames.next()
            if frame is not None and not self._closed:
                yield frame

    async def close(self) -> None:
        """End `frames` and let go of the output."""
        self._closed = True
        self._frames.wake()
        if self._supervision is not None:
            self._supervision.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervision
        await self._end()

    async def _supervise(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if await self._good():
                continue
            await self._end()
            try:
                await self._begin()
            except SourceError as error:
                self._tell(SourceReport(Trouble.GONE, f"{error.message} {_COMES_BACK}"))

    async def _good(self) -> bool:
        """Return whether the capture runs, and may still be of the output that is meant."""
        if self._capture is None:
            return False
        try:
            alive = await self._in_turn(self._capture.alive)
        except SourceError:
            return False
        quiet_s = self._clock() - max(self._frames.heard_at, self._begun_at)
        return alive and not (self._follows and quiet_s >= QUIET_S)

    async def _begin(self) -> None:
        capture = self._capture = self._make()
        try:
            label = await self._in_turn(lambda: capture.open(self._name, self._frames.put))
        except SourceError:
            await self._end()
            raise
        self._begun_at = self._clock()
        changed = clean_line(label, 80) if label != self.label else ""
        self.label = changed or self.label
        self._tell(SourceReport(label=changed))

    async def _end(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            with contextlib.suppress(SourceError):
                await self._in_turn(capture.close)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        """Do it on a thread, after what is still being done: opening may outlast the task that waited for it."""

        def run() -> T:
            with self._turn:
                return work()

        return await on_a_thread(run)

    def _tell(self, report: SourceReport) -> None:
        if report.label or (report.trouble, report.advice) != (self._told.trouble, self._told.advice):
            self._told = report
            self._report(report)


def _no_report(_report: SourceReport) -> None:
    """Say nothing: nobody asked."""
