"""Back to a better road, beside the call that stands."""

from __future__ import annotations

from pathlib import Path

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.provider.faults import Plan
from tests.engine.roads.conversation import providing

SILENT = ("--mic=none", "--speaker=none")


async def test_a_better_road_is_tried_at_once_when_the_user_will_not_wait(tmp_path: Path) -> None:
    async with providing(tmp_path, Plan(without=["webrtc"])) as provider:
        engine = await provider.engine(*SILENT)
        state = await engine.until_live("mic")
        assert state.streams[0].transport == "websocket"
        provider.faults.change(Plan())
        engine.send(a.RetryNow())
        state = await engine.until(lambda state: state.streams[0].transport == "webrtc")
        assert state.streams[0].detour == ""
        assert await engine.stop() == 0
    assert not engine.told(c.StreamReconnecting)
