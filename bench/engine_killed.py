"""`kill -9` of the engine under the screen's link: until both streams are live again, and what is left of the words.

The link is the one that the screen uses, with a journal and a spool; it sees the death, starts another engine and tells
it what was wanted. The provider is a process of its own and stays. What was written down before must be told again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from bench.measurement import Measurement, Measurements, Request, percentile, progress
from bench.steady_moments import STREAMS, all_calm
from sentra_tui.domain.changes import EngineLost
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState, Connection
from sentra_tui.link import EngineLink
from tests.steady.world import world

KILLS = 12
SEED = 47
RUNS_S = (5.5, 9.0)
"""How long an engine runs before it is killed: one that dies within five seconds is replaced more slowly."""
_PATIENCE_S = 60.0


class Screen:
    """Keeps the state that the link's changes make, as the screen does."""

    def __init__(self, link: EngineLink) -> None:
        self.state = AppState()
        self.deaths = 0
        self._link = link
        self._moved = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until this holds."""
        async with asyncio.timeout(_PATIENCE_S):
            while not condition():
                self._moved.clear()
                await self._moved.wait()

    async def until_deaths(self, count: int) -> None:
        """Wait until so many engines have died."""
        await self.until(lambda: self.deaths >= count)

    def written(self) -> set[tuple[str, int, str, str]]:
        """Return the lines that are settled."""
        return {
            (stream.name, line.key.session, line.key.item_id, line.text)
            for stream in self.state.streams
            for line in stream.transcript
            if line.final and not line.recovered
        }

    async def close(self) -> None:
        """End the engine."""
        await self._link.close()
        await self._reader

    async def _read(self) -> None:
        async for change in self._link.changes():
            self.deaths += isinstance(change, EngineLost)
            self.state = reduce(self.state, change)
            self._moved.set()


def measure(request: Request) -> Measurements:
    """Return p95 of the time, and lines that were lost as a reason for no value."""
    took_ms, kept, lost = asyncio.run(_measure())
    note = f"{KILLS} kills at random moments, seed {SEED}; of {kept + lost} settled lines {lost} were not told again"
    value = None if lost else percentile(took_ms, 95)
    return {"engine_killed_to_live_ms": Measurement(value=value, trials=tuple(took_ms), note=note)}


async def _measure() -> tuple[list[float], int, int]:
    """Return the time of each kill, in milliseconds, and how many lines were kept and lost."""
    random, took_ms, kept, lost = Random(SEED), list[float](), 0, 0
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        folder = Path(home)
        async with world(folder, seed=SEED) as place:
            os.environ.update({**place.environ, "HOME": home})
            files = (f"--journal={folder / 'journal.db'}", f"--spool={folder / 'spool'}")
            sources, _ = place.talk(utterances=20, blocks=8, pause_ms=700)
            link = EngineLink([*place.configure(), *sources, *files, "--loop"], folder / "engine.log")
            screen = Screen(link)
            try:
                for number in range(KILLS):
                    await screen.until(lambda: all_calm(screen.state))
                    await asyncio.sleep(random.uniform(*RUNS_S))
                    before, deaths = screen.written(), screen.deaths
                    assert link.pid is not None
                    began_s = loop.time()
                    os.kill(link.pid, signal.SIGKILL)
                    await screen.until_deaths(deaths + 1)
                    await screen.until(lambda: _live(screen.state))
                    took_ms.append((loop.time() - began_s) * 1000)
                    left = screen.written()
                    kept, lost = kept + len(before & left), lost + len(before - left)
                    progress(f"engine killed: live again after {took_ms[-1]:.0f} ms (kill {number + 1})")
            finally:
                await screen.close()
    return took_ms, kept, lost


def _live(state: AppState) -> bool:
    views = [state.stream(name) for name in STREAMS]
    return state.engine.running and all(view and view.connection is Connection.LIVE for view in views)
