"""STUN and TURN servers of a profile, over real UDP."""

from __future__ import annotations

import asyncio

from aioice import stun

from sentra_tui.doctor.check import State
from sentra_tui.doctor.udp import stun_servers, turn_servers
from sentra_tui.domain.provider_config import IceServer, ProviderProfile


class StunServer(asyncio.DatagramProtocol):
    """Answers every other binding request: UDP loses some."""

    def __init__(self) -> None:
        self._asked = 0
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        self._asked += 1
        self.transport.sendto(b"noise", addr)
        if self._asked % 2 == 0:
            request = stun.parse_message(data)
            answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
            answer.attributes["XOR-MAPPED-ADDRESS"] = addr
            self.transport.sendto(bytes(answer), addr)


def profile(*urls: str) -> ProviderProfile:
    return ProviderProfile(base_url="https://provider.invalid/v1", ice_servers=[IceServer(urls=list(urls))])


async def test_a_stun_server_that_answers_proves_udp_and_tells_our_address() -> None:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        StunServer, local_addr=("127.0.0.1", 0)
    )
    server.transport = transport
    port = transport.get_extra_info("sockname")[1]
    try:
        found = await stun_servers(profile("stun:nowhere.invalid:3478", f"stun:127.0.0.1:{port}"), is_local=False)
    finally:
        transport.close()
    assert found.state is State.OK
    assert "sees us as 127.0.0.1" in found.found


async def test_a_stun_server_that_is_mute_says_that_udp_may_be_blocked() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    try:
        found = await stun_servers(profile(f"stun:127.0.0.1:{port}"), is_local=False, search_s=0.6)
    finally:
        transport.close()
    assert found.state is State.FAILED
    assert "UDP is blocked" in found.found


async def test_without_stun_servers_it_is_said_that_only_a_call_proves_udp() -> None:
    found = await stun_servers(ProviderProfile(), is_local=False)
    assert found.state is State.SKIPPED
    assert "without a call" in found.found
    assert (await turn_servers(ProviderProfile(), {})).state is State.SKIPPED
