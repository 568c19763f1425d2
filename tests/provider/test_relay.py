from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.provider.relay import Address, Impairment, UdpRelay, strip_candidates

ANSWER = "\r\n".join(
    [
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 96",
        "a=candidate:1 1 udp 2130706431 {host} {port} typ host",
        "a=candidate:2 1 tcp 1671430143 {host} 443 typ host tcptype passive",
        "a=candidate:3 1 udp 2130706431 fd00::2 4000 typ host",
        "a=candidate:4 1 udp 1694498815 192.0.2.9 4000 typ srflx raddr 0.0.0.0 rport 0",
        "a=end-of-candidates",
        "",
    ]
)


class End(asyncio.DatagramProtocol):
    """A UDP socket that remembers what it received, and echoes it where asked to."""

    transport: asyncio.DatagramTransport

    def __init__(self, echo: bool = False) -> None:
        self.received: list[bytes] = []
        self.senders: set[Address] = set()
        self.echo = echo

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.received.append(data)
        self.senders.add(addr)
        if self.echo:
            self.transport.sendto(data, addr)

    async def expect(self, count: int) -> list[bytes]:
        async with asyncio.timeout(10):
            while len(self.received) < count:
                await asyncio.sleep(0.005)
        return self.received


async def open_end(echo: bool = False) -> End:
    loop = asyncio.get_running_loop()
    _, end = await loop.create_datagram_endpoint(lambda: End(echo), local_addr=("127.0.0.1", 0))
    return end


class Lab:
    """A client, a relay and a server that echoes."""

    def __init__(self, client: End, server: End, relay: UdpRelay) -> None:
        self.client = client
        self.server = server
        self.relay = relay
        self.address: Address = ("", 0)

    def send(self, count: int) -> list[bytes]:
        sent = [str(n).encode() for n in range(count)]
        for data in sent:
            self.client.transport.sendto(data, self.address)
        return sent


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    lab = Lab(await open_end(), await open_end(echo=True), UdpRelay(Random(1)))
    host, port = lab.server.transport.get_extra_info("sockname")
    answer = await lab.relay.rewrite(ANSWER.format(host=host, port=port))
    fields = next(line for line in answer.splitlines() if line.startswith("a=candidate:")).split()
    lab.address = (fields[4], int(fields[5]))
    yield lab
    await lab.relay.close()
    lab.client.transport.close()
    lab.server.transport.close()
    await asyncio.sleep(0)


async def test_an_answer_keeps_one_relayed_candidate_for_each_udp_host(lab: Lab) -> None:
    host, port = lab.server.transport.get_extra_info("sockname")
    answer = await lab.relay.rewrite(ANSWER.format(host=host, port=port))
    assert answer.count("a=candidate:") == 1
    assert f" {port} " not in answer
    assert answer == await lab.relay.rewrite(ANSWER.format(host=host, port=port))
    assert answer.endswith("a=end-of-candidates\r\n")


def test_an_offer_loses_its_candidates_and_their_end() -> None:
    stripped = strip_candidates(ANSWER.format(host="192.0.2.1", port=1))
    assert stripped == "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\n"


async def test_a_good_network_brings_everything_in_order_both_ways(lab: Lab) -> None:
    sent = lab.send(50)
    assert await lab.client.expect(50) == sent
    assert lab.server.received == sent
    assert (lab.relay.up.relayed, lab.relay.down.relayed) == (50, 50)


async def test_loss_is_per_direction(lab: Lab) -> None:
    lab.relay.down.loss = 1.0
    lab.send(10)
    await lab.server.expect(10)
    await asyncio.sleep(0.05)
    assert lab.client.received == []
    assert lab.relay.down.dropped == 10


async def test_duplicates_come_twice(lab: Lab) -> None:
    lab.relay.up.duplicate = 1.0
    lab.send(5)
    assert len(await lab.server.expect(10)) == 10


async def test_a_blackhole_swallows_all_until_it_is_gone(lab: Lab) -> None:
    lab.relay.blackhole(True)
    lab.send(5)
    await asyncio.sleep(0.05)
    assert lab.server.received == []
    lab.relay.blackhole(False)
    lab.send(5)
    await lab.client.expect(5)


async def test_after_rebinding_the_server_sees_another_port(lab: Lab) -> None:
    lab.send(1)
    await lab.client.expect(1)
    await lab.relay.rebind()
    lab.send(1)
    await lab.client.expect(2)
    assert len(lab.server.senders) == 2


async def test_closing_forgets_what_is_under_way(lab: Lab) -> None:
    lab.relay.up.delay_s = 0.05
    lab.send(5)
    await asyncio.sleep(0.02)
    await lab.relay.close()
    await asyncio.sleep(0.08)
    assert lab.server.received == []


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1), max_size=50),
    st.floats(0, 0.2),
    st.floats(0, 0.2),
    st.integers(0, 2**32),
)
def test_delay_and_jitter_keep_the_order(gaps: list[float], delay_s: float, jitter_s: float, seed: int) -> None:
    impairment, random = Impairment(delay_s=delay_s, jitter_s=jitter_s), Random(seed)
    now_s = 0.0
    due: list[float] = []
    for gap in gaps:
        now_s += gap
        due += impairment.schedule(now_s, random)
        assert due[-1] >= now_s
    assert due == sorted(due)
    assert len(due) == len(gaps)


def test_reordering_lets_later_packets_overtake() -> None:
    impairment, random = Impairment(reorder=0.2), Random(3)
    due = [impairment.schedule(n * 0.02, random)[0] for n in range(100)]
    assert due != sorted(due)


def test_the_same_seed_loses_the_same_packets() -> None:
    fates = [[bool(Impairment(loss=0.3).schedule(0.0, random)) for _ in range(50)] for random in (Random(5), Random(5))]
    assert fates[0] == fates[1]
    assert 5 < fates[0].count(False) < 30
