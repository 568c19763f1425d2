"""A server that says too much at once costs little memory, and at most the call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState, Connection
from tests.engine.process import EngineProcess
from tests.steady.world import world

MIB = 1 << 20
GROWTH_MAX_MIB = 100
"""The 64 MiB of the goal and a margin: what the allocator keeps differs between machines."""
MANY, TOO_MANY = 4_000, 14_000
WORDS = {
    "type": "conversation.item.input_audio_transcription.completed",
    "event_id": "event_1",
    "item_id": "item_1",
    "content_index": 0,
    "transcript": "Still here.",
}
REALTIME = {"session": "realtime"}


def giant(mib: int, at_s: float) -> dict[str, Any]:
    return {"at_s": at_s, "text": '{"type":"response.invented","more":"{pad}"}', "pad_chars": mib * MIB}


def tiny(count: int, at_s: float) -> dict[str, Any]:
    return {"at_s": at_s, "text": '{"type":"response.tiny"}', "repeat": count}


MUCH = [
    giant(1, 0.2),
    giant(15, 0.4),
    {"at_s": 0.5, "text": '{"type":"response.invented","deep":"{nest}"}', "nest_depth": 100_000},
    tiny(MANY, 0.6),
    {"at_s": 0.8, "event": WORDS},
    tiny(TOO_MANY, 1.5),
    giant(16, 3.0),
]
SESSIONS = [
    {**REALTIME, "numbers": [1], "messages": MUCH},
    {**REALTIME, "numbers": [2], "messages": [giant(16, 0.3)]},
    {**REALTIME, "messages": [giant(64, 0.3)]},
]


def peak_mib(engine: EngineProcess) -> float:
    """Return the most memory that the engine has had so far."""
    status = Path(f"/proc/{engine.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def lines(state: AppState) -> list[str]:
    return [line.text for line in state.streams[0].transcript]


@pytest.mark.row(22)
async def test_giant_and_countless_messages_are_passed_over_and_what_is_too_large_thrice_ends_the_dials(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, {"sessions": SESSIONS}) as place:
        engine = await place.engine("--mic=none", "--speaker=none", transport="websocket")
        await engine.until_live("mic")
        before_mib = peak_mib(engine)
        await engine.until(lambda state: WORDS["transcript"] in lines(state))
        assert len(engine.told(c.StreamConnected)) == 1
        state = await engine.until(lambda state: state.streams[0].connection is Connection.FAILED)
        assert peak_mib(engine) - before_mib < GROWTH_MAX_MIB
        assert "in a row" in state.streams[0].cause
        assert "too large" in state.streams[0].cause
        assert len(engine.told(c.StreamConnected)) in (3, 4)
        assert lines(state) == [WORDS["transcript"]]
        await engine.stop()
