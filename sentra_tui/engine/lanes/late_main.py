"""A main assistant that is reached when it is first needed: a local provider has no address before it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from sentra_tui.domain.main_run import MainRequest, RunEvent, RunRef
from sentra_tui.domain.ports import MainAssistant


class LateMainAssistant:
    """The MainAssistant port before whatever `reach` gives, each time it is asked: a provider may have moved."""

    def __init__(self, reach: Callable[[], Awaitable[MainAssistant]]) -> None:
        self._reach = reach
        self._reached: MainAssistant | None = None
        self._adopted: RunRef | None = None

    @property
    def name(self) -> str:
        """The implementation's word."""
        return "" if self._reached is None else self._reached.name

    async def ask(self, request: MainRequest) -> AsyncIterator[RunEvent]:
        """Yield what becomes of a question."""
        assistant = await self._assistant()
        async with aclosing(assistant.ask(request)) as events:  # type: ignore[type-var]
            async for event in events:
                yield event

    async def resume(self, ref: RunRef) -> AsyncIterator[RunEvent]:
        """Yield the rest of a run."""
        assistant = await self._assistant()
        async with aclosing(assistant.resume(ref)) as events:  # type: ignore[type-var]
            async for event in events:
                yield event

    def adopt(self, ref: RunRef) -> None:
        """Go on in the conversation of this run."""
        self._adopted = ref

    async def cancel(self, ref: RunRef) -> None:
        """Stop a run."""
        assistant = await self._assistant()
        await assistant.cancel(ref)

    async def close(self) -> None:
        """Close what was reached."""
        if self._reached is not None:
            await self._reached.close()

    async def _assistant(self) -> MainAssistant:
        reached = await self._reach()
        if reached is not self._reached:
            if self._reached is not None:
                await self._reached.close()
            self._reached = reached
            if self._adopted is not None:
                reached.adopt(self._adopted)
        self._adopted = None
        return reached
