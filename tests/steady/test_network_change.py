"""Calls while the machine goes from one network to another, and is on none for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState, Connection
from tests.engine.process import EngineProcess
from tests.steady.tally import complete, tallies
from tests.steady.two_networks import far_provider, two_networks

STREAMS = ("mic", "speaker")


def all_reconnect(state: AppState) -> bool:
    return {stream.connection for stream in state.streams} == {Connection.RECONNECTING}


def connected_after(engine: EngineProcess, step: str) -> set[str]:
    """Return the streams that were connected after the network did this for the first time."""
    steps = [n for n, each in enumerate(engine.changes) if isinstance(each, c.NetworkChanged) and each.step == step]
    after = engine.changes[steps[0] :] if steps else []
    return {change.stream for change in after if isinstance(change, c.StreamConnected)}


def causes(engine: EngineProcess) -> set[str]:
    """Return why calls were doubted or given up."""
    doubted = {change.cause for change in engine.told(c.StreamSuspected) if change.suspected}
    return doubted | {change.cause for change in engine.told(c.StreamReconnecting)}


@pytest.mark.row(7)
@pytest.mark.timeout(150)
@pytest.mark.parametrize("road", ["webrtc", "websocket"])
async def test_calls_follow_the_machine_to_another_network_because_it_changed_and_lose_no_word(
    tmp_path: Path, road: str
) -> None:
    with two_networks() as networks:
        async with far_provider(tmp_path, networks) as provider:
            sources, said = provider.talk(utterances=3)
            engine = await provider.engine(f"--transport={road}", *sources)
            await engine.until_live(*STREAMS)
            await engine.until(lambda state: all(tally.read for tally in tallies(state, said).values()))
            networks.join("eth0", leave="wlan0")
            await engine.until(lambda _: connected_after(engine, "changed") == set(STREAMS))
            state = await engine.until(lambda state: complete(state, said))
            assert await engine.stop() == 0
    assert {name: tally for name, tally in tallies(state, said).items() if not tally.flawless} == {}
    assert {stream.transport for stream in state.streams} == {road}
    assert {cause.split(":")[0] for cause in causes(engine)} == {"The network changed"}
    assert not engine.told(c.StreamFailed)


@pytest.mark.row(7)
@pytest.mark.timeout(150)
async def test_calls_come_back_by_themselves_once_there_is_a_network_again(tmp_path: Path) -> None:
    with two_networks() as networks:
        async with far_provider(tmp_path, networks) as provider:
            engine = await provider.engine(*provider.talk(utterances=1)[0])
            await engine.until_live(*STREAMS)
            networks.leave("wlan0")
            state = await engine.until(all_reconnect)
            assert state.network_down
            networks.join("wlan0")
            state = await engine.until_live(*STREAMS)
            assert not state.network_down
            assert await engine.stop() == 0
    assert [change.step for change in engine.told(c.NetworkChanged)] == ["down", "up"]
    assert not engine.told(c.StreamFailed)
