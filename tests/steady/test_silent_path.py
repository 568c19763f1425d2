from __future__ import annotations

import pytest

from sentra_tui.protocol.liveness import Pulse
from tests.ready import ready
from tests.services.transport.lab_peer import CREDENTIAL
from tests.services.transport.socket_peer import running_peer, transport_to
from tests.steady.silent_path import Judge, Speaker, relayed_call


@pytest.mark.row(4)
async def test_a_path_that_goes_silent_is_suspected_and_one_that_only_takes_nothing_too() -> None:
    async with relayed_call(3) as (transport, relay):
        speaker, judge = Speaker(transport), Judge(transport)
        await judge.until(Pulse.ALIVE)
        relay.blackhole(True)
        assert "Nothing came" in await judge.until(Pulse.SUSPECT)
        relay.blackhole(False)
        await judge.until(Pulse.ALIVE)
        relay.up.blackhole = True
        assert "does not arrive" in await judge.until(Pulse.SUSPECT)
        await speaker.stop()


@pytest.mark.row(4)
async def test_a_socket_whose_peer_is_silent_is_suspected_until_it_is_heard_again() -> None:
    async with running_peer() as peer:
        transport = transport_to(peer.port)
        await transport.connect(ready(CREDENTIAL))
        speaker, judge = Speaker(transport), Judge(transport)
        await judge.until(Pulse.ALIVE)
        assert peer.connection is not None
        peer.connection.transport.pause_reading()
        assert "Nothing came" in await judge.until(Pulse.SUSPECT)
        peer.connection.transport.resume_reading()
        await judge.until(Pulse.ALIVE)
        await speaker.stop()
        await transport.close()
