"""Packets that are lost, late, doubled and out of order cost no word: what they held is written down afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState
from tests.steady.tally import complete, tallies
from tests.steady.world import World
from tests.steady.world import world as opened

PATIENCE_S = 90.0


@pytest.mark.row(13)
@pytest.mark.timeout(200)
@pytest.mark.parametrize(("loss", "jitter_s", "spoilt"), [(0.05, 0.0, 0.0), (0.1, 0.02, 0.01)])
async def test_a_call_that_loses_packets_stands_and_every_number_is_written_down_once(
    tmp_path: Path, loss: float, jitter_s: float, spoilt: float
) -> None:
    async with opened(tmp_path, seed=round(1000 * loss)) as world:
        sources, said = world.talk(utterances=2, blocks=20)
        lose(world, loss, jitter_s, spoilt)
        engine = await world.engine(*sources)
        try:
            await engine.until_live("mic", "speaker")
            state = await engine.until(lambda state: complete(state, said) and written_down(state), PATIENCE_S)
        finally:
            assert await engine.stop() == 0
    assert {name: tally for name, tally in tallies(state, said).items() if not tally.flawless} == {}
    assert not engine.told(c.StreamReconnecting)


def written_down(state: AppState) -> bool:
    return not any(stream.recovering_ms for stream in state.streams)


def lose(world: World, loss: float, jitter_s: float, spoilt: float) -> None:
    """Lose this share of all datagrams; delay, and reorder and double a few."""
    world.loss(loss)
    for way in (world.udp.up, world.udp.down):
        way.delay_s = way.jitter_s = jitter_s
        way.reorder = way.duplicate = spoilt
