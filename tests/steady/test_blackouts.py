"""A network that fails in the middle of what is said: every number of it is in the transcript, once, in its place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState, Connection
from tests.engine.process import EngineProcess
from tests.steady.tally import complete, tallies
from tests.steady.world import Road, World

PATIENCE_S = 90.0


def flaws(state: AppState, said: dict[str, list[int]]) -> dict[str, object]:
    return {name: tally for name, tally in tallies(state, said).items() if not tally.flawless}


def heard_of(state: AppState, said: dict[str, list[int]]) -> bool:
    """Return whether something of each stream is in the transcript."""
    return all(tally.read for tally in tallies(state, said).values())


def order(engine: EngineProcess, stream: str) -> list[type[c.Change]]:
    """Return what became of a stream's call since it stood first, without repetition."""
    kinds = (c.StreamSuspected, c.StreamReconnecting, c.StreamConnected)
    told = [type(change) for change in engine.changes if isinstance(change, kinds) and change.stream == stream]
    return [kind for place, kind in enumerate(told) if place == 0 or kind is not told[place - 1]]


@pytest.mark.row(1)
@pytest.mark.row(3)
@pytest.mark.timeout(200)
@pytest.mark.parametrize(("road", "dark_s"), [("webrtc", 9.0), ("websocket", 2.0)])
async def test_nothing_that_is_said_in_a_blackout_is_lost_doubled_or_misplaced(
    world: World, road: Road, dark_s: float
) -> None:
    sources, said = world.talk(utterances=4 if dark_s < 5 else 6, blocks=20)
    engine = await world.engine(*sources, transport=road)
    try:
        await engine.until_live("mic", "speaker")
        await engine.until(lambda state: heard_of(state, said))
        world.blackout()
        await asyncio.sleep(dark_s)
        world.heal()
        await engine.until_live("mic", "speaker")
        state = await engine.until(lambda state: complete(state, said), PATIENCE_S)
    finally:
        assert await engine.stop() == 0
    assert flaws(state, said) == {}
    if dark_s > 6:
        for stream in said:
            assert order(engine, stream)[-4:] == [
                c.StreamConnected,
                c.StreamSuspected,
                c.StreamReconnecting,
                c.StreamConnected,
            ]
        assert any(line.recovered for view in state.streams for line in view.transcript)


@pytest.mark.row(6)
@pytest.mark.timeout(200)
async def test_where_datagrams_die_in_mid_call_the_talk_goes_on_over_a_websocket(world: World) -> None:
    sources, said = world.talk(utterances=5, blocks=20)
    engine = await world.engine(*sources, transport="auto", config="[reconnect]\nprobe_s = 5\n")
    try:
        await engine.until(lambda state: {stream.transport for stream in state.streams} == {"webrtc"})
        await engine.until(lambda state: heard_of(state, said))
        world.udp_dies()
        await engine.until(lambda state: {stream.transport for stream in state.streams} == {"websocket"})
        state = await engine.until(lambda state: complete(state, said), PATIENCE_S)
        assert flaws(state, said) == {}
        assert all("UDP" in stream.detour for stream in state.streams)
        world.heal()
        await engine.until(lambda state: {stream.transport for stream in state.streams} == {"webrtc"})
        assert not engine.told(c.StreamReconnecting)
    finally:
        assert await engine.stop() == 0


@pytest.mark.row(1)
@pytest.mark.timeout(200)
async def test_an_engine_that_is_killed_leaves_its_sound_to_the_next_one(world: World, tmp_path: Path) -> None:
    sources, said = world.talk(utterances=3, blocks=20)
    spool, journal = f"--spool={tmp_path / 'spool'}", f"--journal={tmp_path / 'journal.db'}"
    engine = await world.engine(*sources, spool, journal)
    await engine.until_live("mic", "speaker")
    await engine.until(lambda state: heard_of(state, said))
    world.blackout()
    await asyncio.sleep(5.0)
    started_at = engine.state.engine.started_at
    engine.process.kill()
    await engine.process.wait()
    await engine.stop()
    world.heal()
    silent = ("--mic=none", "--speaker=none", f"--started-at={started_at!r}")
    second = await world.engine(*silent, spool, journal)
    try:
        state = await second.until(
            lambda state: all(len(tally.read) > 30 for tally in tallies(state, said).values()), PATIENCE_S
        )
        found = tallies(state, said)
        assert [tally.doubled + tally.misordered + tally.alien for tally in found.values()] == [[], []]
        assert all(tally.read == said[name][: len(tally.read)] for name, tally in found.items())
        assert second.state.streams[0].connection is not Connection.FAILED
    finally:
        assert await second.stop() == 0
