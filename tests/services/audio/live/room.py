"""What is played into a sound server and what a source gives of it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.domain.sound_ports import AudioSource, SourceReport
from sentra_tui.services.audio.live.opening import choose_backend
from sentra_tui.services.audio.live.server import SoundServer
from sentra_tui.services.audio.live.source import LiveSource
from sentra_tui.services.audio.live.target import Target
from tests import sound_server

DEADLINE_S = 20.0
QUIET, LOUD = 1_000, 20_000


def noise(seconds: float, seed: int, amplitude: int = 10_000) -> bytes:
    """Return sound that is like no other: no sample is zero."""
    random = np.random.default_rng(seed)
    samples = random.integers(amplitude // 2, amplitude, int(seconds * SAMPLE_RATE_HZ))
    samples *= random.choice((-1, 1), samples.size)
    return bytes(samples.astype("<i2").tobytes())


@contextmanager
def playing(server: sound_server.SoundServer, pcm: bytes, sink: str) -> Iterator[subprocess.Popen[bytes]]:
    """Play 48 kHz mono s16le to a sink while the context lasts."""
    path = Path(server.directory / f"{sink}-{time.monotonic_ns()}.raw")
    path.write_bytes(pcm)
    command = ["pacat", "-p", f"--device={sink}", "--rate=48000", "--channels=1", "--format=s16le", "--raw",
               "--latency-msec=200", str(path)]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, **server.environ})
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


class Listener:
    """Takes what a source gives, and what it reports."""

    def __init__(self) -> None:
        self.pcm = bytearray()
        self.reports: list[SourceReport] = []
        self.times: list[float] = []

    def report(self, report: SourceReport) -> None:
        self.reports.append(report)
        self.times.append(time.monotonic())

    @property
    def troubles(self) -> list[Trouble]:
        return [report.trouble for report in self.reports]

    @property
    def frames(self) -> int:
        return len(self.pcm) // FRAME_BYTES

    async def listen(self, source: AudioSource) -> None:
        async for frame in source.frames():
            assert len(frame) == FRAME_BYTES
            self.pcm += frame

    async def hears(self, pcm: bytes) -> None:
        """Wait until this was heard, every sample of it, without a gap."""
        try:
            await until(lambda: pcm in self.pcm, f"sound of {len(pcm)} bytes")
        except AssertionError as error:
            raise AssertionError(f"{error}; {self._matching(pcm)}; {self.reports}") from None

    def _matching(self, pcm: bytes) -> str:
        """Say what of `pcm` was heard, in pieces: (from, to, at) in ms."""
        pieces, at = [], 0
        while at < len(pcm) - 96:
            found = self.pcm.find(pcm[at : at + 96])
            if found < 0:
                at += 96
                continue
            length = 96
            while pcm[at : at + length + 96] == self.pcm[found : found + length + 96] and at + length < len(pcm):
                length += 96
            pieces.append((at // 96, (at + length) // 96, found // 96))
            at += length
        return f"heard (from, to, at ms): {pieces} of {len(pcm) // 96} ms"

    async def hears_something(self) -> None:
        """Wait until there is other sound than silence from now on."""
        begin = len(self.pcm)
        await until(lambda: any(self.pcm[begin:]), "any sound")

    async def told(self, trouble: Trouble, since: int = 0) -> SourceReport:
        """Wait for a report of that trouble after the first `since` ones."""
        await until(lambda: trouble in self.troubles[since:], f"a report of {trouble!r} in {self.reports}")
        return self.reports[since + self.troubles[since:].index(trouble)]


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that happens in another thread, or another process."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


@asynccontextmanager
async def listening(target: Target) -> AsyncIterator[Listener]:
    """Open a target and listen to it until the context ends; sound flows when it begins."""
    listener = Listener()
    source = LiveSource(target, await choose_backend(), listener.report)
    task = asyncio.create_task(listener.listen(source))
    try:
        await until(lambda: source.is_open, f"{target} to open")
        yield listener
    finally:
        await source.close()
        await task


def microphone(name: str = "") -> Target:
    return Target(DeviceKind.INPUT, name)


def loudspeaker(name: str = "") -> Target:
    return Target(DeviceKind.MONITOR, name)


def watcher_is_gone() -> bool:
    return SoundServer._shared is None


def given_three_chances(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Run a test of what passes without a gap again where it fails: a busy machine starves the sound server itself."""

    @functools.wraps(test)
    async def again(*arguments: Any, **named: Any) -> None:
        for _ in range(2):
            with contextlib.suppress(AssertionError):
                return await test(*arguments, **named)
        return await test(*arguments, **named)

    return again
