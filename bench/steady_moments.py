"""When something came about in the calls of an engine, on the clock of this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sentra_tui.domain.state import AppState, Connection, Stream
from tests.engine.process import EngineProcess

STREAMS = ("mic", "speaker")
PATIENCE_S = 60.0
_PROOF_MS = 1_000


def calm(stream: Stream | None) -> bool:
    """Return whether the stream's call stands and nothing speaks against it."""
    return stream is not None and stream.connection is Connection.LIVE and not stream.suspected


def all_calm(state: AppState) -> bool:
    """Return whether that is so of both."""
    return all(calm(state.stream(name)) for name in STREAMS)


def engine_ms(engine: EngineProcess) -> int:
    """Return what the engine's clock says now."""
    return round((time.time() - engine.state.engine.started_at) * 1000)


async def moment_s(
    engine: EngineProcess, condition: Callable[[AppState], object], within_s: float = PATIENCE_S
) -> float:
    """Wait until `condition` holds of the engine's state; return when it first did, as far as it told."""
    await engine.until(condition, within_s)
    return asyncio.get_running_loop().time()


async def noticed_s(engine: EngineProcess, stream: str) -> float:
    """Return when this stream's call was first doubted, or given up."""
    return await moment_s(engine, lambda state: not calm(state.stream(stream)))


async def recovered_s(engine: EngineProcess, stream: str) -> float | None:
    """Return when this stream's call, from now on, was beyond doubt for good; None where it never came into any.

    It is beyond doubt once it was heard a second later without any: after a short break doubt may come late.
    """
    proven_ms = engine_ms(engine) + _PROOF_MS
    doubted = not calm(engine.state.stream(stream))
    while True:
        since_s = await moment_s(engine, lambda state: calm(state.stream(stream)))
        await engine.until(lambda state: not calm(view := state.stream(stream)) or _heard_ms(view) > proven_ms)
        if calm(engine.state.stream(stream)):
            return since_s if doubted else None
        doubted = True


def _heard_ms(stream: Stream | None) -> int:
    return -1 if stream is None or stream.contact_at_ms is None else stream.contact_at_ms
