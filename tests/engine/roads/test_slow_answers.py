"""A provider that takes its time with an offer: how long WebRTC is waited for, and what is told when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentra_tui.domain.state import AppState
from sentra_tui.provider.fault_rules import Seconds
from sentra_tui.provider.faults import Plan, RequestFault
from tests.engine.process import EngineProcess
from tests.engine.roads.conversation import providing

ALONE = ("--mic=none", "--speaker=none")


def tried(engine: EngineProcess) -> list[str]:
    return [row.text for row in engine.state.log if row.text.startswith("dials by")]


def notices(state: AppState) -> list[str]:
    return [notice.text for notice in state.notices if notice.text.startswith("Calls go by")]


def answering_after(seconds: Seconds) -> Plan:
    return Plan(calls=[RequestFault(delay_s=seconds)])


@pytest.mark.timeout(90)
async def test_an_answer_that_takes_longer_than_the_head_start_costs_the_call_nothing(tmp_path: Path) -> None:
    async with providing(tmp_path, answering_after(2.0)) as provider:
        # A busy machine adds to the two seconds.
        engine = await provider.engine(*ALONE, config="[deadlines]\nunanswered_s = 20.0")
        state = await engine.until_live("mic")
        assert (state.streams[0].transport, state.streams[0].detour) == ("webrtc", "")
        assert (tried(engine), notices(state)) == (["dials by webrtc"], [])
        assert await engine.stop() == 0


@pytest.mark.timeout(90)
async def test_where_no_answer_comes_the_websocket_is_taken_and_udp_is_not_blamed(tmp_path: Path) -> None:
    async with providing(tmp_path, answering_after(60.0)) as provider:
        engine = await provider.engine(*ALONE)
        state = await engine.until_live("mic")
        why = "webrtc: the server did not answer in time"
        assert (state.streams[0].transport, state.streams[0].detour) == ("websocket", why)
        state = await engine.until(notices)
        assert notices(state) == [f"Calls go by websocket, not {why}."]
        assert await engine.stop() == 0
