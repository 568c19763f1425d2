"""The beacon, and hosts that answer, refuse, and are silent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from sentra_tui.services.network import beacon as beacons
from sentra_tui.services.network.beacon import HostBeacon
from tests.netns import Namespace, namespace

__all__ = ["namespace"]

SILENT = """
table inet sentra {
chain arriving {
type filter hook input priority 0
ip daddr 10.77.0.1 tcp dport 8443 drop
}
}
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(10)
        yield made


def url(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}/v1"


async def test_a_host_that_takes_a_connection_is_reached_and_hears_not_a_byte(listener: socket.socket) -> None:
    beacon = HostBeacon(lambda: [url(listener)])
    assert await beacon.reaches()
    assert beacon.addresses() == ["127.0.0.1"]
    line, _ = await asyncio.to_thread(listener.accept)
    with line:
        assert await asyncio.to_thread(line.recv, 1) == b""


async def test_a_host_that_refuses_or_is_nowhere_is_not_reached(listener: socket.socket) -> None:
    where = url(listener)
    listener.close()
    assert not await HostBeacon(lambda: [where]).reaches()
    assert not await HostBeacon(list).reaches()
    assert not await HostBeacon(lambda: ["https://", "nonsense"]).reaches()
    assert not await HostBeacon(lambda: [f"https://{'x' * 64}.example/v1"]).reaches()


async def test_the_broker_must_be_there_too(listener: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker:
        urls = [url(listener), url(broker)]
        assert await HostBeacon(lambda: urls).reaches()
    assert not await HostBeacon(lambda: urls).reaches()


async def test_a_provider_that_was_started_again_is_looked_for_where_it_is(listener: socket.socket) -> None:
    urls = ["http://127.0.0.1:9/v1"]
    beacon = HostBeacon(lambda: urls)
    await beacon.reaches()
    urls[0] = url(listener)
    assert await beacon.reaches()


async def test_with_a_proxy_the_proxy_is_tried(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{listener.getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "")
    assert await HostBeacon(lambda: ["https://provider.invalid/v1"]).reaches()


async def test_a_host_that_is_silent_is_not_reached_until_it_answers(namespace: Namespace) -> None:
    namespace.add_address("10.77.0.1")
    with namespace.entered(), socket.create_server(("10.77.0.1", 8443)):
        beacon = HostBeacon(lambda: ["https://10.77.0.1:8443/v1"])
        assert await beacon.reaches()
        namespace.run("nft", "-f", "-", stdin=SILENT)
        assert not await beacon.reaches()
        namespace.allow_udp()  # and everything else
        assert await beacon.reaches()


async def test_a_connection_request_that_was_lost_is_repeated_within_the_same_second(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beacons, "PATIENCE_S", 30.0)  # the machine may be slow: what counts is that it is in one try
    namespace.add_address("10.77.0.1")
    with namespace.entered(), socket.create_server(("10.77.0.1", 8443)) as listener:
        namespace.run("nft", "-f", "-", stdin=SILENT)
        trying = asyncio.create_task(HostBeacon(lambda: ["https://10.77.0.1:8443/v1"]).reaches())
        await asyncio.sleep(0.1)
        namespace.allow_udp()
        assert await trying
        listener.setblocking(False)
        with listener.accept()[0]:
            pass


async def test_addresses_are_remembered_where_names_are_resolved_no_more(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = url(listener).replace("127.0.0.1", "localhost")
    beacon = HostBeacon(lambda: [where])
    assert await beacon.reaches()

    def nobody(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "no resolver")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert await beacon.reaches()
    assert await beacon.reaches()


async def test_one_lookup_runs_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beacons, "PATIENCE_S", 0.05)
    asked: list[str] = []
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(url: str) -> list[tuple[str, int]]:
        asked.append(url)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(20)
        return []

    monkeypatch.setattr(beacons, "_addresses", slow)
    beacon = HostBeacon(lambda: ["https://provider.invalid/v1"])
    for _ in range(3):
        assert not await beacon.reaches()
    release.set()
    assert asked == ["https://provider.invalid/v1"]
