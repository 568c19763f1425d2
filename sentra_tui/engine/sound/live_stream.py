"""A live stream as echo control sees it: its canceller, from the wish for one to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import asdict

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import BleedGate, EchoCanceller
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.echo_mode import WeaknessWatch


class CancellerOptions(Struct, frozen=True, kw_only=True):
    """What kind of canceller a stream needs."""

    exact: bool = False
    """For a loopback, in which what was played is found again as it was."""
    noise_suppression: bool = True
    high_pass: bool = True
    gain_control: bool = False
    delay_ms: int = 0
    may_rest: bool = False


MEASURED_EVERY_MS = 1000
INEXACT_BELOW_DB = 12.0
"""Where subtraction takes out less, the sound was changed on its way: found again as it was, all of it goes."""

LoadCanceller = Callable[..., Awaitable[EchoCanceller]]
"""Takes the fields of `CancellerOptions` by name; raises SourceError."""


class LiveStream:
    """One stream. `on_change` is told when it got a canceller, `on_failure` why it gets none."""

    def __init__(
        self,
        load: LoadCanceller,
        tasks: TaskOwner,
        on_change: Callable[[], None],
        on_failure: Callable[[str], None],
        *,
        loopback: bool,
        hears_answers: bool,
    ) -> None:
        self.loopback = loopback
        self.hears_answers = hears_answers
        """Answers are played where this loopback listens."""
        self.exact = True
        """What is played is found again in it as it was, as far as is known."""
        self.canceller: EchoCanceller | None = None
        self.gate: BleedGate | None = None
        self.weakness = WeaknessWatch()
        """Set anew with each canceller."""
        self._measured_ms = 0
        self._wanted: CancellerOptions | None = None
        self._load = load
        self._tasks = tasks
        self._on_change = on_change
        self._on_failure = on_failure
        self._loading: asyncio.Task[None] | None = None

    def want(self, options: CancellerOptions | None) -> None:
        """Have a canceller of this kind, or none. Until it is loaded, the one of before does its work."""
        if options == self._wanted:
            return
        self._wanted = options
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        if options is None:
            self._replace(None)
        else:
            self._loading = self._tasks.start(self._fetch(options), self._failed, "echo canceller")

    def clean(self, frame: bytes) -> bytes:
        """Return a frame without echo, or as it is where there is no canceller."""
        if self.canceller is None:
            return frame
        try:
            return self.canceller.clean(frame)
        except SourceError as error:
            self._failed(error)
            return frame

    def measure(self) -> float | None:
        """Return how much echo is taken out, once a second; call it with each frame."""
        self._measured_ms += FRAME_MS
        if self.canceller is None or self._measured_ms < MEASURED_EVERY_MS:
            return None
        self._measured_ms = 0
        erle_db = self.canceller.erle_db()
        self.weakness.measured(erle_db)
        return erle_db

    def forget(self) -> None:
        """Hold no sound of before."""
        if self.canceller is not None:
            self.canceller.reset()

    def close(self) -> None:
        """Let go of the canceller."""
        self.want(None)

    async def _fetch(self, options: CancellerOptions) -> None:
        try:
            canceller = await self._load(**asdict(options))
        except SourceError as error:
            self._failed(error)
        else:
            self._replace(canceller)
            self._on_change()

    def _replace(self, canceller: EchoCanceller | None) -> None:
        before, self.canceller = self.canceller, canceller
        exact = self.loopback and self.exact
        self.weakness = WeaknessWatch(INEXACT_BELOW_DB, INEXACT_BELOW_DB) if exact else WeaknessWatch()
        if before is not None:
            before.close()

    def _failed(self, failure: BaseException) -> None:
        self._replace(None)
        self._on_failure(str(failure) if isinstance(failure, SourceError) else "Echo cancelling failed.")
