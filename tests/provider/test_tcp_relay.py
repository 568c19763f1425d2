"""The TCP relay: each of its toxics, between a client and a server that echoes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from sentra_tui.provider.tcp_relay import Address, TcpRelay

DEADLINE_S = 10.0


class Lab:
    """A relay in front of a server that echoes."""

    def __init__(self, relay: TcpRelay, address: Address) -> None:
        self.relay = relay
        self.address = address
        self.accepted = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.writers.append(writer)
        try:
            while data := await reader.read(4096):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*self.address)
        self.writers.append(writer)
        return reader, writer


@pytest_asyncio.fixture
async def lab() -> AsyncIterator[Lab]:
    relay = TcpRelay(("", 0), Random(1))
    lab = Lab(relay, await relay.start())
    server = await asyncio.start_server(lab.echo, "127.0.0.1", 0)
    relay.target = server.sockets[0].getsockname()
    async with asyncio.timeout(DEADLINE_S):
        yield lab
    await relay.close()
    assert relay.connections == 0
    server.close()
    for writer in lab.writers:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await asyncio.sleep(0.01)


async def test_without_toxics_everything_comes_through_and_the_end_too(lab: Lab) -> None:
    reader, writer = await lab.connect()
    sent = Random(2).randbytes(500_000)
    writer.write(sent)
    writer.write_eof()
    assert await reader.read(-1) == sent
    assert lab.relay.up.relayed_bytes == lab.relay.down.relayed_bytes == len(sent)


async def test_slow_sliced_and_jittery_bytes_keep_their_order(lab: Lab) -> None:
    for toxics in (lab.relay.up, lab.relay.down):
        toxics.slice_bytes, toxics.latency_s, toxics.jitter_s, toxics.bandwidth_bps = 700, 0.02, 0.02, 200_000
    reader, writer = await lab.connect()
    sent = Random(3).randbytes(20_000)
    began = asyncio.get_running_loop().time()
    writer.write(sent)
    writer.write_eof()
    assert await reader.read(-1) == sent
    assert asyncio.get_running_loop().time() - began >= 0.1


async def test_a_blackhole_that_keeps_its_bytes_gives_them_back(lab: Lab) -> None:
    reader, writer = await lab.connect()
    writer.write(b"before")
    assert await reader.readexactly(6) == b"before"
    lab.relay.blackhole()
    writer.write(b"meanwhile")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    lab.relay.heal()
    assert await reader.readexactly(9) == b"meanwhile"


async def test_a_blackhole_that_drops_loses_them(lab: Lab) -> None:
    reader, writer = await lab.connect()
    writer.write(b"before")
    assert await reader.readexactly(6) == b"before"
    lab.relay.blackhole(drop=True)
    writer.write(b"meanwhile")
    while lab.relay.up.dropped_bytes < 9:
        await asyncio.sleep(0.01)
    lab.relay.heal()
    writer.write(b"after")
    assert await reader.readexactly(5) == b"after"


async def test_a_connection_made_during_a_blackhole_is_accepted_and_silent(lab: Lab) -> None:
    lab.relay.blackhole()
    reader, writer = await lab.connect()
    writer.write(b"anyone?")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    assert lab.accepted == 0
    lab.relay.heal()
    assert await reader.readexactly(7) == b"anyone?"


async def test_connections_are_reset_on_order_and_refused(lab: Lab) -> None:
    reader, writer = await lab.connect()
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    lab.relay.reset()
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    lab.relay.refusing = True
    reader, _ = await lab.connect()
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)


async def test_a_server_that_is_gone_resets(lab: Lab) -> None:
    lab.relay.target = ("127.0.0.1", 9)
    reader, _ = await lab.connect()
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)


async def test_so_many_bytes_end_a_connection_or_reset_it(lab: Lab) -> None:
    lab.relay.down.limit_bytes = 1000
    reader, writer = await lab.connect()
    writer.write(bytes(5000))
    assert len(await reader.read(-1)) == 1000
    lab.relay.down.limit_bytes, lab.relay.down.reset_bytes = None, 1000
    reader, writer = await lab.connect()
    writer.write(bytes(5000))
    with pytest.raises(ConnectionResetError):
        await reader.read(-1)


async def test_a_connection_ends_after_its_time_and_an_end_is_told_late(lab: Lab) -> None:
    lab.relay.up.timeout_s = 0.1
    reader, _ = await lab.connect()
    assert await reader.read(-1) == b""
    lab.relay.up.timeout_s, lab.relay.down.slow_close_s = None, 0.2
    reader, writer = await lab.connect()
    writer.write(b"x")
    writer.write_eof()
    assert await reader.readexactly(1) == b"x"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.05)
    assert await reader.read(1) == b""
