"""Makes a call by the best road that works: drives `RoadRace`, and keeps `RoadBook`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from sentra_tui.domain.changes import EventLogged
from sentra_tui.domain.errors import TransportError
from sentra_tui.domain.roads import Road, Stage
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Attempt, Dialled, Progress
from sentra_tui.protocol.road_book import RoadBook
from sentra_tui.protocol.roads import GiveUp, Patience, RoadRace, Step, Take, Try

Running = asyncio.Task[Dialled]


class RoadDialler:
    """Dials one stream. `roads` are those that it may take, best first; `book` is shared by all streams."""

    def __init__(
        self,
        stream: str,
        roads: Sequence[Road],
        attempt: Attempt,
        book: RoadBook,
        patience: Patience,
        context: EngineContext,
        watch: Callable[[Road, Stage], None] = lambda road, stage: None,
    ) -> None:
        """`watch` is told how far each dial has come."""
        self.roads = tuple(roads)
        self.book = book
        self._stream = stream
        self._attempt = attempt
        self._patience = patience
        self._context = context
        self._watch = watch

    async def dial(self, session: dict[str, Any]) -> Dialled:
        """Return the call that stands first; raises TransportError where none does."""
        race = self._race()
        return await _Dial(race, self._attempt, session, self._tell, self._note, self._watch, self._context).run()

    async def dial_by(self, road: Road, session: dict[str, Any]) -> Dialled:
        """Return a call by this road alone; raises TransportError where it does not do."""
        try:
            dialled = await self._attempt(road, session, lambda stage: None)
        except TransportError as error:
            self.book.failed(road, error.reason, self._context.now_ms())
            raise
        self.book.worked(road)
        return dialled

    def _race(self) -> RoadRace:
        roads = self.book.open(self.roads, self._context.now_ms())
        passed_over = [road for road in self.roads if road not in roads]
        return RoadRace(self.roads, self._patience, self.book.known(passed_over))

    def _note(self, race: RoadRace, taken: Road) -> None:
        self.book.worked(taken)
        for road, reason in race.reasons.items():
            self.book.failed(road, reason, self._context.now_ms())

    def _tell(self, text: str) -> None:
        self._context.publish(EventLogged(self._context.now_ms(), self._stream, text))


class _Dial:
    """One dial: the tasks of its roads, and what becomes of them."""

    def __init__(
        self,
        race: RoadRace,
        attempt: Attempt,
        session: dict[str, Any],
        tell: Callable[[str], None],
        note: Callable[[RoadRace, Road], None],
        watch: Callable[[Road, Stage], None],
        context: EngineContext,
    ) -> None:
        self._race = race
        self._attempt = attempt
        self._session = session
        self._tell = tell
        self._note = note
        self._watch = watch
        self._context = context
        self._running: dict[Running, Road] = {}
        self._progressed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> Dialled:
        try:
            steps = self._race.begin(self._context.now_ms())
            while True:
                taken = self._carry_out(steps)
                if taken is not None:
                    return taken
                steps = await self._happened()
        finally:
            if self._running:
                work = _dismiss(tuple(self._running))
                self._context.tasks.start(work, lambda failure: None, "roads not taken")

    def _carry_out(self, steps: Iterable[Step]) -> Dialled | None:
        for step in steps:
            match step:
                case Try(road):
                    self._tell(f"dials by {road.value}")
                    work = _as_coroutine(self._attempt, road, self._session, partial(self._progress, road))
                    self._running[asyncio.create_task(work, name=f"dial by {road.value}")] = road
                case Take(road, detour):
                    self._note(self._race, road)
                    return replace(self._take(road), road=road, detour=detour)
                case GiveUp(error):
                    raise error
        return None

    def _take(self, road: Road) -> Dialled:
        task = next(task for task, each in self._running.items() if each is road)
        del self._running[task]
        return task.result()

    def _progress(self, road: Road, stage: Stage) -> None:
        self._race.progressed(road, stage, self._context.now_ms())
        self._watch(road, stage)
        if not self._progressed.done():
            self._progressed.set_result(None)

    async def _until_due(self) -> list[Running]:
        """Return the dials that are done, once one is, or one has progressed, or the race wants to hear the time."""
        self._progressed = asyncio.get_running_loop().create_future()
        waiting: set[asyncio.Future[Any]] = {*self._running, self._progressed}
        due_ms = self._race.due_ms
        timeout_s = None if due_ms is None else max(0, due_ms - self._context.now_ms()) / 1000
        await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return [task for task in self._running if task.done()]

    async def _happened(self) -> list[Step]:
        done = await self._until_due()
        now_ms = self._context.now_ms()
        stand = {self._running[task] for task in done if task.exception() is None}
        for road in self._running.values():  # of two that stand at once the one that was begun first, the better
            if road in stand:
                return self._race.connected(road, now_ms)
        steps = []
        for task in done:
            failure = task.exception()
            road = self._running.pop(task)
            if not isinstance(failure, TransportError):
                raise failure or asyncio.CancelledError
            self._tell(f"{road.value}: {failure.message}")
            steps += self._race.failed(road, failure, now_ms)
        return [*steps, *self._race.tick(now_ms)]


async def _as_coroutine(attempt: Attempt, road: Road, session: dict[str, Any], progress: Progress) -> Dialled:
    return await attempt(road, session, progress)


async def _dismiss(tasks: tuple[Running, ...]) -> None:
    """Give up dials that nobody waits for: one that came through all the same is hung up."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and task.exception() is None:
            await task.result().transport.close()
