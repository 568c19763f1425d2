"""The network of this machine and its sleep, as one thing to watch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing

from sentra_tui.domain.changes.network import NetworkStep
from sentra_tui.services.network import netlink, polling
from sentra_tui.services.network.sleep import SHORTEST_S, Asleep, best_clock, slept_ms
from sentra_tui.services.network.view import View, what_happened

_LOG = logging.getLogger(__name__)

OnStep = Callable[[NetworkStep, str, int], None]
Targets = Callable[[], Iterable[str]]


class MachineWatch:
    """Tells what happens to the network under all calls, and that the machine slept: the port `NetworkWatch`."""

    def __init__(
        self, targets: Targets = tuple, *, asleep: Asleep | None = None, views: AsyncGenerator[View, None] | None = None
    ) -> None:
        """`targets` gives the addresses that calls go to, as far as they are known; the rest is for tests.

        `asleep` is the machine's own sleep, `views` its own network, unless given.
        """
        self._targets = targets
        self._asleep, self._shortest_s = best_clock() if asleep is None else (asleep, SHORTEST_S)
        self._views = views

    async def watch(self, on_step: OnStep) -> None:
        """Call `on_step` with what happened, a few words about it, and the milliseconds slept, until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._watch_network(on_step), name="network view")
            both.create_task(self._watch_sleep(on_step), name="sleep")

    async def _watch_network(self, on_step: OnStep) -> None:
        try:
            await _compare(self._views or netlink.views(self._targets), on_step)
        except OSError as error:
            _LOG.info("the kernel does not tell of the network (%s): it is looked at now and then", error)
            await _compare(polling.views(self._targets), on_step)

    async def _watch_sleep(self, on_step: OnStep) -> None:
        async for each_ms in slept_ms(self._asleep, self._shortest_s):
            on_step("slept", "", each_ms)


async def _compare(views: AsyncGenerator[View, None], on_step: OnStep) -> None:
    before: View | None = None
    async with aclosing(views):
        async for view in views:
            happened = None if before is None else what_happened(before, view)
            before = view
            if happened is not None:
                on_step(*happened, 0)
