"""The dialler of roads, over calls that stay in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sentra_tui.domain.changes import EventLogged
from sentra_tui.domain.errors import CredentialRefused, TransportLost
from sentra_tui.domain.roads import Reason, Road, Stage
from sentra_tui.engine.clock import EngineClock
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.dialler import RoadDialler
from sentra_tui.engine.roads.ports import Dialled, Progress
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.road_book import RoadBook
from sentra_tui.protocol.roads import Patience
from tests.engine.peers import LoopTransport, until

ALL = (Road.WEBRTC, Road.WEBSOCKET, Road.HTTP)
SLOW = Patience(60_000, 60_000)
QUICK = Patience(20, 60_000)
SESSION: dict[str, Any] = {"type": "realtime"}


class Exchange:
    """Connects calls when, and as, a test says."""

    def __init__(self) -> None:
        self.tried: list[Road] = []
        self.given_up: list[Road] = []
        self.calls: dict[Road, LoopTransport] = {}
        self.progress: dict[Road, Progress] = {}
        self.stage = Stage.ANSWERED
        """How far each dial comes at once."""
        self._outcomes: dict[Road, asyncio.Future[None]] = {}

    def settle(self, road: Road, error: Exception | None = None) -> None:
        outcome = self._outcome(road)
        if error is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(error)

    async def attempt(self, road: Road, session: dict[str, Any], progress: Progress) -> Dialled:
        self.tried.append(road)
        self.progress[road] = progress
        progress(self.stage)
        transport = self.calls[road] = LoopTransport()
        try:
            await self._outcome(road)
        except asyncio.CancelledError:
            self.given_up.append(road)
            raise
        return Dialled(transport, session)

    def _outcome(self, road: Road) -> asyncio.Future[None]:
        return self._outcomes.setdefault(road, asyncio.get_running_loop().create_future())


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
async def make(exchange: Exchange) -> AsyncIterator[Callable[..., RoadDialler]]:
    tasks, store = TaskOwner(), Store()

    def make(patience: Patience = SLOW, book: RoadBook | None = None) -> RoadDialler:
        context = EngineContext(tasks, EngineClock().now_ms, store.publish)
        return RoadDialler("mic", ALL, exchange.attempt, book or RoadBook(60_000), patience, context)

    yield make
    await tasks.close()


async def test_the_best_road_is_taken_and_no_other_tried(make: Callable[..., RoadDialler], exchange: Exchange) -> None:
    exchange.settle(Road.WEBRTC)
    dialled = await make().dial(SESSION)
    assert (dialled.road, dialled.detour, exchange.tried) == (Road.WEBRTC, "", [Road.WEBRTC])


async def test_a_stuck_road_is_overtaken_given_up_and_remembered(
    make: Callable[..., RoadDialler], exchange: Exchange
) -> None:
    book = RoadBook(60_000)
    dialler = make(QUICK, book=book)
    exchange.settle(Road.WEBSOCKET)
    dialled = await dialler.dial(SESSION)
    assert (dialled.road, dialled.detour) == (Road.WEBSOCKET, "webrtc: UDP is blocked")
    await until(lambda: exchange.given_up == [Road.WEBRTC])
    assert book.known(ALL) == {Road.WEBRTC: Reason.UDP_BLOCKED}
    exchange.tried.clear()
    again = await dialler.dial(SESSION)
    assert (again.road, again.detour, exchange.tried) == (Road.WEBSOCKET, "webrtc: UDP is blocked", [Road.WEBSOCKET])


async def test_the_wait_for_an_answer_ends_with_the_answer_and_the_head_start_begins(
    make: Callable[..., RoadDialler], exchange: Exchange
) -> None:
    exchange.stage = Stage.ASKED
    dial = asyncio.create_task(make(QUICK).dial(SESSION))
    await until(lambda: exchange.tried == [Road.WEBRTC])
    await asyncio.sleep(0.1)
    assert exchange.tried == [Road.WEBRTC]
    exchange.progress[Road.WEBRTC](Stage.ANSWERED)
    await until(lambda: exchange.tried == [Road.WEBRTC, Road.WEBSOCKET])
    exchange.settle(Road.WEBSOCKET)
    assert (await dial).detour == "webrtc: UDP is blocked"


async def test_an_offer_that_is_never_answered_is_overtaken_and_udp_is_not_blamed(
    make: Callable[..., RoadDialler], exchange: Exchange
) -> None:
    exchange.stage = Stage.ASKED
    exchange.settle(Road.WEBSOCKET)
    dialled = await make(Patience(20, 40)).dial(SESSION)
    assert (dialled.road, dialled.detour) == (Road.WEBSOCKET, "webrtc: the server did not answer in time")


async def test_a_call_that_stands_too_late_is_hung_up_before_anything_is_heard(
    make: Callable[..., RoadDialler], exchange: Exchange
) -> None:
    dialler = make(QUICK)
    dial = asyncio.create_task(dialler.dial(SESSION))
    await until(lambda: exchange.tried == [Road.WEBRTC, Road.WEBSOCKET])
    exchange.settle(Road.WEBSOCKET)
    exchange.settle(Road.WEBRTC)
    taken = await dial
    (other,) = {Road.WEBRTC, Road.WEBSOCKET} - {taken.road}
    await until(lambda: exchange.calls[other].closed)
    assert not exchange.calls[taken.road].closed


async def test_when_the_key_is_refused_every_road_is_given_up(
    make: Callable[..., RoadDialler], exchange: Exchange
) -> None:
    dialler = make(QUICK)
    dial = asyncio.create_task(dialler.dial(SESSION))
    await until(lambda: len(exchange.tried) == 2)
    exchange.settle(Road.WEBSOCKET, CredentialRefused("no"))
    with pytest.raises(CredentialRefused):
        await dial
    await until(lambda: exchange.given_up == [Road.WEBRTC])


async def test_a_dial_that_is_cancelled_gives_up_what_is_under_way(
    make: Callable[..., RoadDialler], exchange: Exchange
) -> None:
    dial = asyncio.create_task(make().dial(SESSION))
    await until(lambda: exchange.tried == [Road.WEBRTC])
    dial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dial
    await until(lambda: exchange.given_up == [Road.WEBRTC])


async def test_each_road_that_fails_is_told_in_the_log(exchange: Exchange) -> None:
    tasks, store = TaskOwner(), Store()
    told: list[str] = []
    store.subscribe(lambda change: told.append(change.text) if isinstance(change, EventLogged) else None)
    context = EngineContext(tasks, EngineClock().now_ms, store.publish)
    dialler = RoadDialler("mic", ALL, exchange.attempt, RoadBook(60_000), SLOW, context)
    exchange.settle(Road.WEBRTC, TransportLost("No such thing.", reason=Reason.NOT_OFFERED))
    exchange.settle(Road.WEBSOCKET)
    await dialler.dial(SESSION)
    assert told == ["dials by webrtc", "webrtc: No such thing.", "dials by websocket"]
    await tasks.close()


async def test_a_defect_in_one_road_is_not_taken_for_a_bad_network(
    make: Callable[..., RoadDialler], exchange: Exchange
) -> None:
    exchange.settle(Road.WEBRTC, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await make().dial(SESSION)
