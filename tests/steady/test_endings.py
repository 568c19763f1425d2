"""An engine ends soon, and leaves nothing running, whatever its calls are doing just then."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain.config import BLOCKS_TRANSCRIPTION_MODEL
from sentra_tui.domain.state import Connection, Stream
from sentra_tui.media.coded_sound import write_talk
from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.process import EngineProcess

SOON_S = 8.0
"""It is one second, and up to three where something is to be written; the rest is for a busy machine."""
NEVER_S = 60.0
PROFILE = f"""
[reconnect]
suspect_s = 0.5
dead_s = 30
[deadlines]
offer_s = 30
greeting_s = 30
[providers.house]
base_url = "{{base_url}}"
key_env = "HOUSE_KEY"
model = "sentra-local"
transport = "websocket"
mic_transcription_model = "{BLOCKS_TRANSCRIPTION_MODEL}"
[providers.house.http]
transcription_model = "{BLOCKS_TRANSCRIPTION_MODEL}"
"""


class Moment(NamedTuple):
    """What a stream is doing, how it comes to that, and what ends the engine then."""

    plan: dict[str, Any]
    reached: Callable[[Stream], object]
    number: signal.Signals | None
    """None is the end of its input."""
    connects: bool = True
    speaks: bool = False


def is_(connection: Connection) -> Callable[[Stream], bool]:
    return lambda stream: stream.connection is connection


SLOW_DIALS = {"numbers": list(range(2, 9)), "delay_s": NEVER_S}
MOMENTS = {
    "off": Moment({}, is_(Connection.OFF), signal.SIGINT, connects=False),
    "connecting": Moment({"sockets": [{"delay_s": NEVER_S}]}, is_(Connection.CONNECTING), signal.SIGTERM),
    "live": Moment({}, is_(Connection.LIVE), signal.SIGHUP),
    "suspected": Moment(
        {"sessions": [{"deaf_after_s": 0.2, "freeze_after_s": 0.2}], "sockets": [SLOW_DIALS]},
        lambda stream: stream.suspected,
        None,
    ),
    "reconnecting": Moment({"sockets": [{"status": 503}]}, is_(Connection.RECONNECTING), signal.SIGINT),
    "failed": Moment({"sockets": [{"status": 401}]}, is_(Connection.FAILED), signal.SIGTERM),
    "recovering": Moment(
        {
            "sessions": [{"late_transcripts_s": NEVER_S, "close_call_after_s": 2.5}],
            "text": [{"api": "transcriptions", "delay_s": NEVER_S}],
        },
        lambda stream: stream.recovering_ms,
        None,
        speaks=True,
    ),
}


@asynccontextmanager
async def engine_in(moment: Moment, folder: Path) -> AsyncIterator[EngineProcess]:
    async with serving(ProviderOptions(plan=parse_plan(json.dumps(moment.plan)))) as provider:
        config = folder / "config.toml"
        config.write_text(PROFILE.format(base_url=provider.base_url))
        if moment.speaks:
            write_talk(folder / "mic.wav", 1, utterances=3)
        engine = await EngineProcess.start(
            folder,
            f"--config={config}",
            "--provider=house",
            f"--mic={folder / 'mic.wav' if moment.speaks else 'none'}",
            "--speaker=none",
            "--idle",
            f"--journal={folder / 'journal.db'}",
            env={"HOUSE_KEY": provider.api_key},
            transport=None,
        )
        if moment.connects:
            engine.send(a.ConnectStream("mic"))
        await engine.until(lambda state: state.streams and moment.reached(state.streams[0]))
        yield engine


@pytest.mark.row(25)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
async def test_an_engine_ends_soon_and_leaves_nothing_whatever_its_call_is_doing(
    moment: Moment, tmp_path: Path
) -> None:
    async with engine_in(moment, tmp_path) as engine, asyncio.timeout(SOON_S):
        status = await engine.stop(moment.number)
    assert status == (0 if moment.number is None else 128 + moment.number)
