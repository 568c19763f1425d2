"""The driver of the network, with a watch and a beacon that do as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.changes.network import NetworkStep
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.steady import network
from sentra_tui.engine.steady.network import NetworkDriver
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner

OnStep = Callable[[NetworkStep, str, int], None]


class SaidWatch:
    """A watch that tells what it is told."""

    def __init__(self) -> None:
        self.on_step: OnStep | None = None

    async def watch(self, on_step: OnStep) -> None:
        self.on_step = on_step
        try:
            await asyncio.Event().wait()
        finally:
            self.on_step = None


class SaidBeacon:
    """A beacon that is asked one by one: each time it waits for the answer."""

    def __init__(self) -> None:
        self.asked = 0
        self._asking = asyncio.Event()
        self._answers: asyncio.Queue[bool] = asyncio.Queue()

    async def reaches(self) -> bool:
        self.asked += 1
        self._asking.set()
        return await self._answers.get()

    async def answer(self, reaches: bool) -> None:
        async with asyncio.timeout(20):
            await self._asking.wait()
        self._asking.clear()
        self._answers.put_nowait(reaches)
        for _ in range(5):
            await asyncio.sleep(0)


@dataclass
class KeptCall:
    """A call that keeps what it was told."""

    told: list[str] = field(default_factory=list)

    def shaken(self, cause: str) -> None:
        self.told.append(f"shaken: {cause}")

    def network_up(self) -> None:
        self.told.append("up")

    def slept(self, slept_ms: int) -> None:
        self.told.append(f"slept {slept_ms}")


@dataclass
class KeptStream:
    name: str
    call: KeptCall = field(default_factory=KeptCall)


class Bench:
    """The driver with two streams, and a clock that goes by its own sleeps."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.slept_s: list[float] = []
        self.watch, self.beacon = SaidWatch(), SaidBeacon()
        self.mic, self.speaker = KeptStream("mic"), KeptStream("speaker")
        self.store, self.tasks = Store(), TaskOwner()
        self.changes: list[c.Change] = []
        self.store.subscribe(self.changes.append)
        for name in ("mic", "speaker"):
            self.store.publish(c.StreamAdded(name))
        context = EngineContext(self.tasks, lambda: self.now_ms, self.store.publish)
        streams = (self.mic, self.speaker)
        self.driver = NetworkDriver(self.watch, self.beacon, streams, self.store, context, sleep=self._sleep)

    def step(self, step: NetworkStep, detail: str = "", slept_ms: int = 0) -> None:
        assert self.watch.on_step is not None
        self.watch.on_step(step, detail, slept_ms)

    def reconnecting(self, *names: str) -> None:
        for name in names:
            self.store.publish(c.StreamReconnecting(name, self.now_ms, 1, self.now_ms + 100, "gone"))

    def connected(self, *names: str) -> None:
        for name in names:
            self.store.publish(c.StreamConnected(name, self.now_ms, "webrtc", 1.0))

    def logged(self) -> list[str]:
        return [change.text for change in self.changes if isinstance(change, c.EventLogged)]

    async def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_ms += round(seconds * 1000)
        await asyncio.sleep(0)


@asynccontextmanager
async def running() -> AsyncIterator[Bench]:
    bench = Bench()
    bench.driver.start()
    await asyncio.sleep(0)
    try:
        yield bench
    finally:
        await bench.driver.close()
        await bench.tasks.close()
    assert bench.watch.on_step is None


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("changed", ["shaken: The network changed", "up"]),
        ("down", ["shaken: There is no network"]),
        ("up", ["shaken: There is a network again", "up"]),
    ],
)
async def test_every_call_is_told_what_happened_to_the_network(step: NetworkStep, told: list[str]) -> None:
    async with running() as bench:
        bench.now_ms = 1234
        bench.step(step, "wlan0 → eth0")
        assert bench.mic.call.told == bench.speaker.call.told == told
        assert c.NetworkChanged(1234, step, "wlan0 → eth0") in bench.changes
        assert len(bench.logged()) == 1
        assert bench.logged()[0].endswith(" (wlan0 → eth0).")


async def test_after_a_sleep_every_call_is_told_how_long_it_was() -> None:
    async with running() as bench:
        bench.step("slept", "", 3_600_000)
        assert bench.mic.call.told == bench.speaker.call.told == ["slept 3600000", "up"]
        assert c.NetworkChanged(0, "slept", "", 3_600_000) in bench.changes
        assert bench.logged() == ["The machine slept (1.0 h)."]


async def test_the_state_knows_that_there_is_no_network() -> None:
    async with running() as bench:
        bench.step("down")
        assert bench.store.state.network_down
        bench.step("changed")
        assert bench.store.state.network_down
        bench.step("up")
        assert not bench.store.state.network_down


async def test_when_the_host_comes_into_reach_all_streams_that_reconnect_dial_once() -> None:
    async with running() as bench:
        bench.reconnecting("mic", "speaker")
        for reaches in (False, False, True, True):
            await bench.beacon.answer(reaches)
        assert bench.mic.call.told == bench.speaker.call.told == ["up"]
        assert bench.logged() == ["The provider can be reached again."]


async def test_one_that_stands_is_left_alone() -> None:
    async with running() as bench:
        bench.connected("speaker")
        await bench.beacon.answer(True)
        bench.reconnecting("mic")
        await bench.beacon.answer(False)
        await bench.beacon.answer(True)
        assert (bench.mic.call.told, bench.speaker.call.told) == (["up"], [])


async def test_it_dials_again_only_after_the_host_was_out_of_reach_in_between() -> None:
    async with running() as bench:
        bench.reconnecting("mic")
        for reaches in (False, True, True, False, False, True, True):
            await bench.beacon.answer(reaches)
        assert bench.mic.call.told == ["up", "up"]


async def test_a_host_that_is_in_reach_all_the_time_causes_no_dial() -> None:
    async with running() as bench:
        bench.reconnecting("mic")
        for _ in range(100):
            await bench.beacon.answer(True)
        assert bench.mic.call.told == []
        assert set(bench.slept_s) == {network.OPEN_S}


async def test_the_beacon_is_asked_often_first_and_seldom_later() -> None:
    async with running() as bench:
        bench.reconnecting("mic")
        for _ in range(80):
            await bench.beacon.answer(False)
        assert bench.slept_s[:60] == [network.OFTEN_S] * 60
        assert set(bench.slept_s[60:]) == {network.SELDOM_S}


async def test_the_time_that_the_beacon_took_counts() -> None:
    async with running() as bench:
        bench.reconnecting("mic")
        await asyncio.sleep(0)
        bench.now_ms += 1000
        await bench.beacon.answer(False)
        assert bench.slept_s == [0.0]


async def test_it_is_asked_no_more_once_no_stream_reconnects() -> None:
    async with running() as bench:
        bench.reconnecting("mic")
        await bench.beacon.answer(False)
        bench.connected("mic")
        await bench.beacon.answer(True)
        asked = bench.beacon.asked
        for _ in range(20):
            await asyncio.sleep(0)
        assert bench.beacon.asked == asked
        assert bench.mic.call.told == []
        bench.reconnecting("speaker")
        await bench.beacon.answer(False)
        await bench.beacon.answer(True)
        assert bench.speaker.call.told == ["up"]


async def test_a_call_that_stands_lets_the_beacon_learn_the_way_once() -> None:
    async with running() as bench:
        bench.connected("mic", "speaker")
        await bench.beacon.answer(True)
        for _ in range(20):
            await asyncio.sleep(0)
        assert bench.beacon.asked == 1


async def test_a_stream_that_breaks_while_the_beacon_is_asked_is_not_forgotten() -> None:
    async with running() as bench:
        bench.connected("mic", "speaker")
        await asyncio.sleep(0)
        bench.reconnecting("mic")
        await bench.beacon.answer(False)
        await bench.beacon.answer(True)
        assert bench.mic.call.told == ["up"]


async def test_once_closed_it_asks_and_tells_nothing() -> None:
    async with running() as bench:
        bench.reconnecting("mic")
        await bench.beacon.answer(False)
        await bench.driver.close()
        asked = bench.beacon.asked
        bench.reconnecting("speaker")
        await asyncio.sleep(0)
        assert bench.beacon.asked == asked
