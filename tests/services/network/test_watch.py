"""A machine whose network is taken away, given back and swapped: what the watch tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from sentra_tui.domain.changes.network import NetworkStep
from sentra_tui.services.network import netlink, polling
from sentra_tui.services.network.view import View
from sentra_tui.services.network.watch import MachineWatch
from tests.netns import Namespace, network_namespace

DEADLINE_S = 20

Views = Callable[[], AsyncGenerator[View, None]]


@pytest.fixture(scope="module")
def shared_namespace() -> Iterator[Namespace]:
    with network_namespace() as made:
        yield made


@pytest.fixture
def machine(shared_namespace: Namespace) -> Iterator[Namespace]:
    """A machine with two links, `wlan0` and `eth0`, of which none is set up."""
    with shared_namespace.entered():
        for link in ("wlan0", "eth0"):
            ip(shared_namespace, f"link add {link} type veth peer name {link}-far")
            ip(shared_namespace, f"link set {link}-far up")
        yield shared_namespace
        for link in ("wlan0", "eth0"):
            ip(shared_namespace, f"link delete {link}")


def ip(namespace: Namespace, command: str) -> None:
    namespace.run("ip", *command.split())


def set_up(machine: Namespace, link: str = "wlan0", network: str = "10.9.0", metric: int = 100) -> None:
    ip(machine, f"link set {link} up")
    ip(machine, f"address add {network}.2/24 dev {link}")
    ip(machine, f"route add default via {network}.1 dev {link} metric {metric}")


class Watched:
    """A watch that runs, what it told, and how often it looked."""

    def __init__(self, views: AsyncGenerator[View, None]) -> None:
        self.steps: asyncio.Queue[NetworkStep] = asyncio.Queue()
        self.looks = 0
        self._views = views
        self._looked = asyncio.Event()

    async def watch(self) -> None:
        await MachineWatch(asleep=lambda: 0.0, views=self._count()).watch(lambda step, *_: self.steps.put_nowait(step))

    async def looked(self, times: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.looks < times:
                self._looked.clear()
                await self._looked.wait()

    async def told(self, *expected: NetworkStep) -> None:
        for step in expected:
            async with asyncio.timeout(DEADLINE_S):
                assert await self.steps.get() == step
        assert self.steps.empty()

    async def _count(self) -> AsyncGenerator[View, None]:
        try:
            async for view in self._views:
                self.looks += 1
                self._looked.set()
                yield view
        finally:
            await self._views.aclose()


@asynccontextmanager
async def watching(views: AsyncGenerator[View, None]) -> AsyncIterator[Watched]:
    watched = Watched(views)
    task = asyncio.create_task(watched.watch())
    try:
        await watched.looked(1)
        yield watched
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def polled() -> AsyncGenerator[View, None]:
    return polling.views(sleep=lambda seconds: asyncio.sleep(seconds / 40))


BOTH = pytest.mark.parametrize("views", [netlink.views, polled], ids=["netlink", "polling"])


@BOTH
async def test_an_address_that_goes_and_comes_is_told(machine: Namespace, views: Views) -> None:
    set_up(machine)
    async with watching(views()) as watched:
        ip(machine, "address delete 10.9.0.2/24 dev wlan0")
        await watched.told("down")
        ip(machine, "address add 10.9.0.2/24 dev wlan0")
        ip(machine, "route replace default via 10.9.0.1 dev wlan0")
        await watched.told("up")


@BOTH
async def test_a_link_that_goes_down_and_up_is_told(machine: Namespace, views: Views) -> None:
    set_up(machine)
    async with watching(views()) as watched:
        ip(machine, "link set wlan0 down")
        await watched.told("down")
        ip(machine, "link set wlan0 up")
        ip(machine, "route replace default via 10.9.0.1 dev wlan0")
        await watched.told("up")


@BOTH
async def test_another_default_route_is_told(machine: Namespace, views: Views) -> None:
    set_up(machine)
    async with watching(views()) as watched:
        set_up(machine, "eth0", "10.8.0", metric=10)
        await watched.told("changed")
        ip(machine, "link set eth0 down")
        await watched.told("changed")


async def test_a_cable_that_is_pulled_is_told_though_its_routes_stay(machine: Namespace) -> None:
    set_up(machine)
    async with watching(netlink.views()) as watched:
        ip(machine, "link set wlan0-far down")
        await watched.told("down")
        ip(machine, "link set wlan0-far up")
        await watched.told("up")


async def test_another_router_on_the_same_link_is_told(machine: Namespace) -> None:
    set_up(machine)
    async with watching(netlink.views()) as watched:
        ip(machine, "route replace default via 10.9.0.9 dev wlan0 metric 100")
        await watched.told("changed")


async def test_the_way_to_the_provider_counts_beside_the_default_route(machine: Namespace) -> None:
    ip(machine, "link set wlan0 up")
    ip(machine, "address add 10.9.0.2/24 dev wlan0")
    async with watching(netlink.views(lambda: ["10.9.0.77"])) as watched:
        ip(machine, "address delete 10.9.0.2/24 dev wlan0")
        await watched.told("down")


@BOTH
async def test_a_machine_that_is_alone_from_the_start_is_told_of_no_loss(machine: Namespace, views: Views) -> None:
    async with watching(views()) as watched:
        ip(machine, "address replace 10.77.0.1/32 dev lo")
        ip(machine, "link set wlan0 up")
        await watched.looked(2)
        set_up(machine, "eth0")
        await watched.told("up")


async def test_containers_and_addresses_that_no_call_uses_are_no_change(machine: Namespace) -> None:
    set_up(machine)
    ip(machine, "-6 address add 2001:db8:7::2/64 dev wlan0 nodad")
    ip(machine, "-6 route add default via 2001:db8:7::1 dev wlan0")
    noise = [
        "link add docker0 type bridge",
        "address add 172.17.0.1/16 dev docker0",
        "link set docker0 up",
        "link set eth0 master docker0",
        "link set eth0 up",
        "-6 address add 2001:db8:7::3/64 dev wlan0 nodad preferred_lft 0 valid_lft 600",
        "-6 address change 2001:db8:7::3/64 dev wlan0 preferred_lft 0 valid_lft 900",
        "route add 10.55.0.0/16 via 10.9.0.7",
        "link delete docker0",
    ]
    async with watching(netlink.views()) as watched:
        for command in noise:
            looks = watched.looks
            ip(machine, command)
            await watched.looked(looks + 1)
        assert watched.steps.empty()


async def test_a_burst_is_told_once(machine: Namespace) -> None:
    set_up(machine)
    async with watching(netlink.views()) as watched:
        commands = [f"address {verb} 10.{n}.0.2/24 dev wlan0" for n in range(20, 40) for verb in ("add", "delete")]
        machine.run("ip", "-batch", "-", stdin="\n".join([*commands, "link set wlan0 down"]) + "\n")
        await watched.told("down")
        assert watched.looks <= 4


async def test_where_the_kernel_does_not_tell_the_network_is_looked_at(
    machine: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused() -> AsyncGenerator[View, None]:
        yield View()
        raise OSError(1, "Operation not permitted")

    set_up(machine)
    monkeypatch.setattr(polling, "INTERVAL_S", 0.05)
    steps: asyncio.Queue[NetworkStep] = asyncio.Queue()
    watch = MachineWatch(asleep=lambda: 0.0, views=refused())
    task = asyncio.create_task(watch.watch(lambda step, *_: steps.put_nowait(step)))
    while steps.empty():
        ip(machine, "link set wlan0 down")
        await asyncio.sleep(0.2)
        ip(machine, "link set wlan0 up")
        ip(machine, "route replace default via 10.9.0.1 dev wlan0")
        await asyncio.sleep(0.2)
    assert await steps.get() in ("down", "up")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
