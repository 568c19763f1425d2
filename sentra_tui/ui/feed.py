"""From the link to the newest state: changes are reduced as they come, and drawn at most twenty times a second.

What is measured again and again waits for its frame; all else may have the next frame ahead of time, and the one after
it is later by that. Where drawing that often would take more than its share of the processor, it is done less often.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from sentra_tui.domain.state import AppState

if TYPE_CHECKING:
    from sentra_tui.domain.actions import Action
    from sentra_tui.domain.changes import Change
    from sentra_tui.domain.link_port import Link

FRAME_S = 0.05
FRAME_MAX_S = 0.1
PROCESSOR_SHARE = 0.17
TICK_S = 0.5
CHANGES_IN_A_ROW = 128


class Feed:
    """Holds the link and the newest state. Two tasks of the app run `read` and `draw`."""

    def __init__(self, clock: Callable[[], float], cpu_clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._link: Link | None = None
        self._news = asyncio.Event()
        self._urgent = asyncio.Event()
        self._began_s = clock()
        self.state = AppState()

    @property
    def now_ms(self) -> int:
        """The engine's clock as far as changes told it, carried on by our own monotonic one."""
        return max(0, round((self._clock() - self._began_s) * 1000))

    def send(self, action: Action) -> None:
        """Hand an action to the engine."""
        if self._link is not None:
            self._link.send(action)

    async def close(self) -> None:
        """Close the link, if there is one."""
        if self._link is not None:
            await self._link.close()

    async def read(self, link: Link) -> None:
        """Reduce changes until the link is closed.

        What understands changes is imported here, after the first paint.
        """
        from sentra_tui.domain.changes import Measurement
        from sentra_tui.domain.reduce import reduce
        from sentra_tui.ui.cleaning import cleaned

        self._link = link
        count = 0
        async for change in link.changes():
            change = cleaned(change)
            self._set_clock(change)
            self.state = reduce(self.state, change)
            self._news.set()
            if not isinstance(change, Measurement):
                self._urgent.set()
            count += 1
            if count % CHANGES_IN_A_ROW == 0:
                await asyncio.sleep(0)

    def _set_clock(self, change: Change) -> None:
        """Take the change that was the least late as the measure of the engine's clock.

        An engine that takes another's place goes on with its time.
        """
        at_ms = getattr(change, "at_ms", None)
        now_s = self._clock()
        if getattr(change, "started_at", self.state.engine.started_at) != self.state.engine.started_at:
            self._began_s = now_s
        elif at_ms is not None:
            self._began_s = min(self._began_s, now_s - at_ms / 1000)

    async def draw(self, show: Callable[[AppState, int], bool]) -> None:
        """Show the newest state when there is one, and the time at least twice a second, for ever.

        `show` returns whether it showed all; it is called again in the next frame if not.
        """
        loop = asyncio.get_running_loop()
        used_s, frame_s, due_s = self._cpu_clock(), FRAME_S, loop.time()
        while True:
            began_s = loop.time()
            if not show(self.state, self.now_ms):
                self._news.set()
                self._urgent.set()
            took_s = loop.time() - began_s
            due_s = max(due_s, began_s) + took_s + frame_s
            await asyncio.sleep(due_s - frame_s - loop.time())
            await self._something_to_draw(due_s)
            before_s, used_s = used_s, self._cpu_clock()
            frame_s = min(FRAME_MAX_S, max(FRAME_S, (used_s - before_s) / PROCESSOR_SHARE))

    async def _something_to_draw(self, due_s: float) -> None:
        """Return when there is something urgent, from `due_s` of the loop's clock on for anything, or it is time."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due_s):
                await self._urgent.wait()
        if not self._urgent.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._news.wait()
        self._news.clear()
        self._urgent.clear()
