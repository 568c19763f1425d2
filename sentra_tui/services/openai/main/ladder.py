"""The main assistant of a server that nobody has described: one way of asking after the other, until one works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing

from sentra_tui.domain.errors import NotSupported, OutcomeUnknown
from sentra_tui.domain.main_run import MainRequest, RunEvent, RunRef
from sentra_tui.domain.ports import MainAssistant


class Ladder:
    """The MainAssistant port: asks in the first way that the server has, and stays with it while it works."""

    def __init__(self, rungs: Sequence[MainAssistant], label: str, log: Callable[[str], None]) -> None:
        """Try `rungs` in this order; `label` is what messages call the server, `log` takes which one was taken."""
        self._rungs = tuple(rungs)
        self._label = label
        self._log = log
        self._taken: MainAssistant | None = None

    @property
    def name(self) -> str:
        """The word of the way that works; `auto` until one is found."""
        return self._taken.name if self._taken else "auto"

    async def ask(self, request: MainRequest) -> AsyncIterator[RunEvent]:
        """Yield what becomes of a question; see the port. NotSupported is raised where no way works."""
        refused: list[str] = []
        for rung in self._order():
            async with aclosing(rung.ask(request)) as events:  # type: ignore[type-var]
                try:
                    first = await anext(events)
                except NotSupported as error:
                    refused.append(f"{rung.name}: {error.message}")
                    continue
                self._take(rung, refused)
                yield first
                async for event in events:
                    yield event
                return
        self._taken = None
        raise NotSupported(
            f"{self._label} knows no way in which the main assistant is asked.",
            hint="Check base_url, or choose another provider.",
        )

    def resume(self, ref: RunRef) -> AsyncIterator[RunEvent]:
        """Yield the rest of a run, in the way in which it was begun; see the port."""
        rung = self._named(ref)
        if rung is None:
            raise OutcomeUnknown(f"The run was asked for in another way ({ref.implementation}).")
        return rung.resume(ref)

    def adopt(self, ref: RunRef) -> None:
        """Go on in the conversation of this run, in the way in which it was begun, while that works."""
        rung = self._named(ref)
        if rung is not None:
            rung.adopt(ref)
            self._taken = rung

    async def cancel(self, ref: RunRef) -> None:
        """Stop a run in the way in which it was begun; see the port."""
        rung = self._named(ref)
        if rung is not None:
            await rung.cancel(ref)

    async def close(self) -> None:
        """Close all of them."""
        for rung in self._rungs:
            await rung.close()

    def _order(self) -> list[MainAssistant]:
        """Return them all, the one that worked before at first."""
        return sorted(self._rungs, key=lambda rung: rung is not self._taken)

    def _named(self, ref: RunRef) -> MainAssistant | None:
        return next((rung for rung in self._rungs if rung.name == ref.implementation), None)

    def _take(self, rung: MainAssistant, refused: Sequence[str]) -> None:
        if rung is not self._taken:
            self._taken = rung
            self._log(" ".join([f"Main assistant: asked by {rung.name}.", *(f"Not {each}" for each in refused)]))
