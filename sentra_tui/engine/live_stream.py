"""A live stream as echo control sees it: its canceller, from the wish for one to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import asdict

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import BleedGate, EchoCanceller
from sentra_tui.engine.tasks import TaskOwner


class CancellerOptions(Struct, frozen=True, kw_only=True):
    """What kind of canceller a stream needs."""

    noise_suppression: bool
    high_pass: bool
    gain_control: bool = False
    delay_ms: int = 0
    may_rest: bool = False


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
        self.canceller: EchoCanceller | None = None
        self.gate: BleedGate | None = None
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

    def forget(self) -> None:
        """Hold no sound of before."""
        if self.canceller is not None:
            self.canceller.reset()

    def close(self) -> None:
        """Let go of the canceller."""
        self.want(None)

    async def _fetch(self, options: CancellerOptions) -> None:
        self._replace(await self._load(**asdict(options)))
        self._on_change()

    def _replace(self, canceller: EchoCanceller | None) -> None:
        before, self.canceller = self.canceller, canceller
        if before is not None:
            before.close()

    def _failed(self, failure: BaseException) -> None:
        self._replace(None)
        self._on_failure(str(failure) if isinstance(failure, SourceError) else "Echo cancelling failed.")
