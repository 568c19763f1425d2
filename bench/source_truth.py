"""A source that is taken away and given back: how soon that is noticed, and how soon it is heard again.

Both streams are live on a private sound server, with noise in the microphone and in the output. One after the other
they are unplugged, which makes the server move the stream to another source, and plugged in again. Times begin before
the command that does it, and so include the command.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bench.measurement import Measurement, Measurements, Request, median, progress
from bench.sound_server import private_sound
from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.domain.sound_ports import SourceReport
from sentra_tui.services.audio.live.opening import open_live
from sentra_tui.services.audio.live.target import Target

if TYPE_CHECKING:
    from tests.pulse import PulseServer

ROUNDS = 8
NOISE_S = 120
SECOND = "second"
"""An output that is not the default: what plays elsewhere stays there when it goes."""
_LOUD = 1_500
_DEADLINE_S = 20.0
_LOST = (Trouble.MOVED, Trouble.GONE, Trouble.STALLED)


def measure(request: Request) -> Measurements:
    """Return both times, each the worst of all trials."""
    with private_sound() as server:
        noticed_ms, rebound_ms = asyncio.run(_measure(server))
    return {
        "source_moved_noticed_ms": _worst(noticed_ms, "until the trouble was told"),
        "source_rebound_ms": _worst(rebound_ms, "from its return until its sound was heard again"),
    }


class Ear:
    """Hears one live source: since when it is in trouble, and when it was last loud."""

    def __init__(self) -> None:
        self.lost_at = 0.0
        self.loud_at = 0.0
        self.lost = False

    def report(self, report: SourceReport) -> None:
        """Take what the source says of itself."""
        lost = report.trouble in _LOST
        if lost and not self.lost:
            self.lost_at = time.monotonic()
        self.lost = lost

    async def listen(self, target: Target) -> None:
        """Hear the source until cancelled."""
        source = await open_live(target, self.report)
        try:
            async for frame in source.frames():
                if np.abs(np.frombuffer(frame, "<i2").astype(np.int32)).max() > _LOUD:
                    self.loud_at = time.monotonic()
        finally:
            await source.close()

    async def noticed_ms(self, since: float) -> float:
        """Wait until the trouble is told; return how long that took."""
        await _until(lambda: self.lost_at > since)
        return (self.lost_at - since) * 1000

    async def rebound_ms(self, since: float) -> float:
        """Wait until it is heard again; return how long that took."""
        await _until(lambda: not self.lost and self.loud_at > since)
        return (self.loud_at - since) * 1000


async def _measure(server: PulseServer) -> tuple[list[float], list[float]]:
    noise = bytes(np.random.default_rng(1).normal(0, 3_000, 48_000 * NOISE_S).astype("<i2").tobytes())
    mic, speaker = Ear(), Ear()
    noticed_ms: list[float] = []
    rebound_ms: list[float] = []
    async with AsyncExitStack() as stack:
        stack.enter_context(server.added(SECOND))
        stack.enter_context(server.play(noise, "mic_feed"))
        stack.enter_context(server.play(noise, SECOND))
        tasks = [
            asyncio.create_task(mic.listen(Target(DeviceKind.INPUT, "mic"))),
            asyncio.create_task(speaker.listen(Target(DeviceKind.MONITOR, SECOND))),
        ]
        stack.push_async_callback(_cancel, tasks)
        await _until(lambda: mic.loud_at > 0 and speaker.loud_at > 0)
        for number in range(ROUNDS):
            noticed_ms.append(await _after(partial(server.unplug, "mic"), mic.noticed_ms))
            rebound_ms.append(await _after(partial(server.plug, "mic"), mic.rebound_ms))
            noticed_ms.append(await _after(partial(server.unplug, SECOND), speaker.noticed_ms))
            plugged = time.monotonic()
            await asyncio.to_thread(server.plug, SECOND)
            with server.play(noise, SECOND):  # what played there before was moved away by the server
                rebound_ms.append(await speaker.rebound_ms(plugged))
            progress(f"round {number + 1}: noticed {noticed_ms[-2:]}, heard again {rebound_ms[-2:]}")
    return noticed_ms, rebound_ms


async def _after(step: Callable[[], None], wait: Callable[[float], Awaitable[float]]) -> float:
    """Take this step; return what `wait` measures from its beginning."""
    waiting = asyncio.ensure_future(wait(time.monotonic()))
    await asyncio.to_thread(step)
    return await waiting


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        while not condition():  # noqa: ASYNC110  it becomes true in other places
            await asyncio.sleep(0.002)


def _worst(trials: list[float], what: str) -> Measurement:
    note = (
        f"worst of {len(trials)} {what}, median {median(trials):.0f} ms: a microphone and an output, unplugged and "
        "plugged in again by a command, whose own time is part of it"
    )
    return Measurement(value=max(trials), trials=tuple(trials), note=note)
