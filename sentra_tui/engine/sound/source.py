"""One stream's source of sound: opened, carried, watched, and changed for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from sentra_tui.domain.changes import SourceChosen, SourceFailed, SourceOpened, SourceTroubled
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import AudioSource, Report, SourceReport
from sentra_tui.domain.source_spec import SourceSpec
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.pumps import SourcePump


class SourceOpener(Protocol):
    """Knows where a stream's sound comes from."""

    @property
    def choice(self) -> str:
        """What was chosen, as in `StreamConfig.source`."""
        ...

    @property
    def spec(self) -> SourceSpec:
        """What that means."""
        ...

    def choose(self, choice: str) -> None:
        """Open this from now on, and remember it."""
        ...

    async def open(self, report: Report) -> AudioSource:
        """Open it; raises SourceError."""
        ...


class SourceDriver:
    """Carries a stream's sound into its pump, from whichever source is chosen.

    `begin` is set when recordings may start. `on_opened` is told of each source that was opened, `on_failed` that one
    could not be, or broke for good.
    """

    def __init__(
        self,
        stream: str,
        opener: SourceOpener,
        pump: SourcePump,
        begin: asyncio.Event,
        on_opened: Callable[[SourceSpec], None],
        on_failed: Callable[[], None],
        context: EngineContext,
    ) -> None:
        self._stream = stream
        self._opener = opener
        self._pump = pump
        self._begin = begin
        self._on_opened = on_opened
        self._on_failed = on_failed
        self._tasks = context.tasks
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._trouble = Trouble.NONE
        self._advice = ""
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        """Held until a source is let go of: the next is not opened before, however quickly others are chosen."""

    @property
    def spec(self) -> SourceSpec:
        """The source that is chosen."""
        return self._opener.spec

    def start(self) -> None:
        """Open the source and carry its sound from then on."""
        self._publish(SourceChosen(self._stream, self._opener.choice))
        self._restart()

    def choose(self, choice: str) -> None:
        """Take the sound from here from now on."""
        self._opener.choose(choice)
        self._publish(SourceChosen(self._stream, self._opener.choice, by_user=True))
        self._restart()

    def retry(self) -> None:
        """Open the source once more."""
        self._restart()

    def _restart(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._tasks.start(self._carry(), self._fail, f"{self._stream} source")

    async def _carry(self) -> None:
        async with self._turn:
            self._report(SourceReport())
            try:
                await self._carry_until_it_ends()
            except SourceError as error:
                self._fail(error)
            await self._pump.run_silent()

    async def _carry_until_it_ends(self) -> None:
        choice = self._opener.choice
        source = await self._opener.open(self._report)
        if self._opener.choice != choice:
            self._publish(SourceChosen(self._stream, self._opener.choice))
        spec = self._opener.spec
        self._on_opened(spec)
        await self._pump.run(source, _always() if spec.live else self._begin)

    def _report(self, report: SourceReport) -> None:
        if report.label:
            self._publish(SourceOpened(self._stream, report.label))
        if (report.trouble, report.advice) != (self._trouble, self._advice):
            self._trouble, self._advice = report.trouble, report.advice
            self._publish(SourceTroubled(self._stream, self._now_ms(), report.trouble, report.advice))

    def _fail(self, failure: BaseException) -> None:
        if not isinstance(failure, SourceError):
            failure = SourceError("Internal error in the source of sound.", hint="The log has the details.")
        self._publish(SourceFailed(self._stream, failure.message, failure.hint))
        self._on_failed()


def _always() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
