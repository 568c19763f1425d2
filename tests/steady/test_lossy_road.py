"""A call that loses a third of its packets goes by the WebSocket instead, and loses no word over it."""

from __future__ import annotations

import pytest

from sentra_tui.domain import changes as c
from tests.steady.tally import tallies
from tests.steady.world import World


@pytest.mark.row(13)
async def test_a_third_of_the_packets_lost_sends_the_call_over_the_websocket_and_no_word_is_lost(world: World) -> None:
    arguments, said = world.talk(utterances=5)
    engine = await world.engine(arguments[0], "--speaker=none", transport="auto")
    state = await engine.until_live("mic")
    assert state.streams[0].transport == "webrtc"
    world.loss(0.3)
    state = await engine.until(lambda state: state.streams[0].transport == "websocket")
    assert state.streams[0].detour == "webrtc: too many packets are lost"
    assert not engine.told(c.StreamReconnecting)
    mine = {"mic": said["mic"]}
    await engine.until(lambda state: tallies(state, mine)["mic"].flawless)
    await engine.stop()
