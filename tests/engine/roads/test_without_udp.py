"""A network that lets no UDP through: calls fall to the WebSocket, say why, and climb back."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState
from sentra_tui.provider.demo import words
from sentra_tui.provider.faults import Plan
from tests.engine.roads.conversation import ASKED, SAID, providing, write_recordings
from tests.netns import Namespace, namespace
from tests.provider.client import words_right

__all__ = ["namespace"]

WHY = "webrtc: UDP is blocked"


def heard(state: AppState) -> dict[str, list[str]]:
    return {stream.name: [line.text for line in stream.transcript if line.text] for stream in state.streams}


@pytest.mark.timeout(150)
async def test_without_udp_calls_go_by_websocket_and_climb_back_at_a_pause_when_udp_returns(
    namespace: Namespace, tmp_path: Path
) -> None:
    with namespace.entered():
        namespace.block_udp()
        async with providing(tmp_path, Plan()) as provider:
            engine = await provider.engine(*write_recordings(tmp_path), config="[reconnect]\nprobe_s = 4.0")
            state = await engine.until_live("mic", "speaker")
            assert {stream.transport for stream in state.streams} == {"websocket"}
            assert {stream.detour for stream in state.streams} == {WHY}
            notices = [notice.text for notice in state.notices]
            assert notices == [f"Calls go by websocket, not {WHY}."]
            await engine.until(lambda state: all(heard(state).values()), 90)
            namespace.allow_udp()
            state = await engine.until(lambda state: all(stream.transport == "webrtc" for stream in state.streams), 60)
            assert {stream.detour for stream in state.streams} == {""}
            assert state.notices[-1].text == "Calls go by webrtc again."
            assert await engine.stop() == 0
    for name, said in (("mic", SAID), ("speaker", ASKED)):
        assert words_right(" ".join(words(said)), " ".join(heard(state)[name])) >= 0.85
    assert not engine.told(c.StreamReconnecting)
    assert not engine.told(c.StreamFailed)


@pytest.mark.timeout(90)
async def test_where_udp_goes_nowhere_for_the_server_alone_the_same_is_done(tmp_path: Path) -> None:
    async with providing(tmp_path, Plan(udp=False)) as provider:
        engine = await provider.engine("--mic=none", "--speaker=none", config="[speaker]\nconnect = true")
        state = await engine.until_live("mic")
        assert (state.streams[0].transport, state.streams[0].detour) == ("websocket", WHY)
        minted = "client secrets: 100% of 1 were minted"
        await engine.until(lambda state: minted in [row.text for row in state.log if row.source == "tokens"])
        assert await engine.stop() == 0


@pytest.mark.timeout(90)
async def test_a_server_whose_only_way_is_ice_over_tcp_is_reached_by_websocket(tmp_path: Path) -> None:
    async with providing(tmp_path, Plan(ice_tcp_only=True)) as provider:
        engine = await provider.engine("--mic=none", "--speaker=none")
        state = await engine.until_live("mic")
        assert (state.streams[0].transport, state.streams[0].detour) == ("websocket", WHY)
        assert await engine.stop() == 0
