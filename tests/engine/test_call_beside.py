"""A call that seems dead, and the one that is dialled beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.state import Connection
from sentra_tui.engine.call import CallDriver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.liveness import Liveness
from tests.engine.peers import LoopTransport, until
from tests.engine.test_call import Listening, session

POLICY = ReconnectConfig(suspect_s=0.5, dead_s=1.5, base_s=0.05, cap_s=0.1)


class MortalTransport(LoopTransport):
    """A call whose peer may fall silent, and speak again."""

    def __init__(self) -> None:
        super().__init__()
        self.silent_since_s: float | None = None

    def fall_silent(self) -> None:
        self.silent_since_s = time.monotonic()

    def wake(self) -> None:
        self.silent_since_s = None

    def contact_age_s(self) -> float:
        return 0.0 if self.silent_since_s is None else time.monotonic() - self.silent_since_s


class Exchange:
    """Gives a call for each dial, once `open` is set."""

    def __init__(self) -> None:
        self.dialled: list[MortalTransport] = []
        self.begun = 0
        self.failures: list[TransportLost] = []
        self.open = asyncio.Event()
        self.open.set()

    async def dial(self) -> Dialled:
        self.begun += 1
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.dialled.append(MortalTransport())
        return Dialled(self.dialled[-1], {})


@asynccontextmanager
async def live_call() -> AsyncIterator[tuple[CallDriver, Exchange, Store, Listening]]:
    store, tasks, exchange, listener = Store(), TaskOwner(), Exchange(), Listening()
    began_s = time.monotonic()
    context = EngineContext(tasks, lambda: round((time.monotonic() - began_s) * 1000), store.publish)
    store.publish(c.StreamAdded("mic"))
    machine = CallMachine("mic", POLICY, lambda: 0.5)
    call = CallDriver("mic", machine, lambda: Liveness(POLICY), exchange.dial, session, listener, context)
    call.connect()
    await until(lambda: call.session is not None)
    yield call, exchange, store, listener
    call.hang_up()
    await call.closed()
    await tasks.close()
    assert all(transport.closed for transport in exchange.dialled)


@pytest.mark.row(3)
async def test_the_call_beside_takes_over_from_one_that_seems_dead_and_the_screen_stays_live() -> None:
    async with live_call() as (call, exchange, store, listener):
        exchange.dialled[0].fall_silent()
        await until(lambda: len(exchange.dialled) == 2 and exchange.dialled[0].closed)
        assert call.state is Connection.LIVE
        assert listener.carries == [exchange.dialled[0], None, exchange.dialled[1]]
        assert store.state.streams[0].connection is Connection.LIVE
        assert store.state.streams[0].suspected == ""


async def test_a_call_that_lives_after_all_is_kept_and_the_dial_beside_it_is_given_up() -> None:
    async with live_call() as (call, exchange, store, _):
        exchange.open.clear()
        exchange.dialled[0].fall_silent()
        await until(lambda: bool(store.state.streams[0].suspected))
        exchange.dialled[0].wake()
        await until(lambda: not store.state.streams[0].suspected)
        exchange.open.set()
        await asyncio.sleep(0.3)
        assert len(exchange.dialled) == 1
        assert call.state is Connection.LIVE


@pytest.mark.row(3)
async def test_a_call_that_is_dead_is_closed_while_the_dial_beside_it_goes_on() -> None:
    async with live_call() as (call, exchange, store, _):
        exchange.open.clear()
        exchange.dialled[0].fall_silent()
        await until(lambda: call.state is Connection.RECONNECTING)
        await until(lambda: exchange.dialled[0].closed)
        begun = exchange.begun
        exchange.open.set()
        await until(lambda: call.state is Connection.LIVE)
        assert exchange.begun == begun
        assert "heard" in store.state.streams[0].cause or not store.state.streams[0].cause


async def test_a_dial_beside_that_fails_is_tried_again_until_one_stands() -> None:
    async with live_call() as (call, exchange, _, _listener):
        exchange.failures = [TransportLost("no route"), TransportLost("no route")]
        exchange.dialled[0].fall_silent()
        await until(lambda: len(exchange.dialled) == 2 and call.session is not None)
        assert exchange.begun == 4


async def test_a_network_that_is_back_cuts_a_dial_short_that_began_without_it() -> None:
    async with live_call() as (call, exchange, _, _listener):
        exchange.open.clear()
        exchange.dialled[0].say(TransportLost("gone"))
        await until(lambda: exchange.begun == 2)
        await asyncio.sleep(1.1)
        exchange.open.set()
        call.network_up()
        await until(lambda: call.state is Connection.LIVE)
        assert len(exchange.dialled) == 2


@pytest.mark.row(9)
async def test_a_machine_that_slept_dials_anew_and_the_old_call_hears_no_more() -> None:
    async with live_call() as (call, exchange, store, listener):
        call.slept(3_600_000)
        assert listener.carries[-1] is None
        assert store.state.streams[0].cause == "The machine slept for 1.0 h."
        await until(lambda: len(exchange.dialled) == 2 and call.session is not None)
        await until(lambda: exchange.dialled[0].closed)


@pytest.mark.row(7)
async def test_a_call_that_the_network_was_taken_from_is_doubted_within_a_second() -> None:
    async with live_call() as (call, exchange, _, _listener):
        exchange.dialled[0].fall_silent()
        call.shaken("The network changed.")
        await until(lambda: len(exchange.dialled) == 2)
        assert call.state is Connection.LIVE


async def test_a_dial_after_a_break_that_hangs_is_begun_anew() -> None:
    async with live_call() as (call, exchange, store, _):
        exchange.open.clear()
        exchange.dialled[0].say(TransportLost("gone"))
        await until(lambda: exchange.begun == 3)
        assert store.state.streams[0].cause.startswith("No call came about within")
        exchange.open.set()
        await until(lambda: call.state is Connection.LIVE)
