"""The world that the other tests here believe in: without faults nothing is lost in it, and its faults are felt."""

from __future__ import annotations

import aiohttp
import pytest

from sentra_tui.domain.transcript import Line, LineKey
from tests.steady.tally import complete, numbers_of, tallies
from tests.steady.world import Road, World

SAID = list(range(10, 16))


def line(place: int, text: str, kind: str = "speech") -> Line:
    return Line(LineKey(1, f"item_{place}"), place * 1000, text, final=True, kind=kind)  # type: ignore[arg-type]


def test_a_tally_says_what_is_lost_doubled_misordered_and_alien() -> None:
    assert numbers_of([line(0, "0010 0011 0012"), line(1, "0013 0014 0015")], SAID).flawless
    lines = [line(0, "0010 0013 0013"), line(1, "9", "gap"), line(2, "0012 0014 5001 0015")]
    tally = numbers_of(lines, SAID)
    assert (tally.lost, tally.doubled, tally.misordered, tally.alien) == ([11], [13], [12, 15], [5001])


@pytest.mark.parametrize("road", ["webrtc", "websocket"])
async def test_without_faults_no_number_is_lost_doubled_or_misordered(world: World, road: Road) -> None:
    sources, said = world.talk(utterances=2, blocks=20)
    engine = await world.engine(*sources, transport=road)
    try:
        await engine.until_live("mic", "speaker")
        state = await engine.until(lambda state: complete(state, said))
    finally:
        assert await engine.stop() == 0
    assert {name: tally for name, tally in tallies(state, said).items() if not tally.flawless} == {}
    assert {view.transport for view in state.streams} == {road}
    assert world.tcp.up.relayed_bytes > 0
    assert (world.udp.up.relayed > 100) == (road == "webrtc")


async def test_its_faults_are_felt_and_a_provider_that_starts_again_keeps_address_and_key(world: World) -> None:
    assert await status(world) == 200
    world.blackout()
    with pytest.raises(TimeoutError):
        await status(world, within_s=0.3)
    world.heal()
    assert await status(world) == 200
    await world.kill_provider()
    with pytest.raises(aiohttp.ClientError):
        await status(world)
    await world.start_provider({"without": ["chat"]})
    assert await status(world) == 200


async def status(world: World, within_s: float = 20.0) -> int:
    """Return how the provider answers, by way of the relay."""
    timeout = aiohttp.ClientTimeout(within_s)
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {world.key}"}, timeout=timeout) as http,
        http.get(f"{world.base_url}/models") as response,
    ):
        return response.status
