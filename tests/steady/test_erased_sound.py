"""What is kept of sound is gone from the disk once the engine was told to end, whatever the network does meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.steady.world import World


@pytest.mark.row(25)
@pytest.mark.timeout(120)
async def test_an_engine_that_ends_while_calls_hang_erases_the_sound_that_it_kept(world: World, tmp_path: Path) -> None:
    sources, _ = world.talk(utterances=9, blocks=20)
    spool = tmp_path / "spool"
    engine = await world.engine(*sources, f"--spool={spool}", f"--journal={tmp_path / 'journal.db'}")
    try:
        await engine.until_live("mic", "speaker")
        await asyncio.sleep(2.0)
        world.blackout()
        await engine.until(lambda state: any(stream.suspected for stream in state.streams))
        assert [*spool.glob("*/*.pcm")]
    finally:
        assert await engine.stop() == 0
    assert [each.name for each in spool.iterdir()] == ["lock"]
