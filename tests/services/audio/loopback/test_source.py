"""The part that all loopbacks share, with a capture that the test plays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, cast

import numpy as np

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import SourceReport
from sentra_tui.services.audio.loopback.capture import OnSound
from sentra_tui.services.audio.loopback.source import QUIET_S, LoopbackSource

DEADLINE_S = 20.0
STEREO_BLOCK = np.full((441, 2), [4_000, 8_000], "<i2").tobytes()


class Machine:
    """A computer with an output, which can be pulled out; it makes captures of it."""

    def __init__(self) -> None:
        self.output = "Speakers"
        self.opened: list[PlayedCapture] = []

    def capture(self) -> PlayedCapture:
        return PlayedCapture(self)


class PlayedCapture:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._output = ""
        self.on_sound: OnSound | None = None
        self.closed = 0

    def open(self, name: str, on_sound: OnSound) -> str:
        if not self._machine.output:
            raise SourceError("There is no output to listen to.")
        self._output = name or self._machine.output
        self.on_sound = on_sound
        self._machine.opened.append(self)
        return self._output

    def alive(self) -> bool:
        return self._output == self._machine.output

    def close(self) -> None:
        self.closed += 1

    def play(self, pcm: bytes = STEREO_BLOCK, rate_hz: int = 44_100, channels: int = 2) -> None:
        assert self.on_sound is not None
        self.on_sound(pcm, rate_hz, channels)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def listen(source: LoopbackSource, heard: list[bytes]) -> None:
    async with aclosing(cast(Any, source.frames())) as frames:
        async for frame in frames:
            assert len(frame) == FRAME_BYTES
            heard.append(frame)


async def test_sound_of_any_format_becomes_frames_and_silence_fills_what_does_not_come() -> None:
    machine, heard = Machine(), list[bytes]()
    source = LoopbackSource(machine.capture)
    listening = asyncio.create_task(listen(source, heard))
    await until(lambda: bool(machine.opened))
    for _ in range(100):
        machine.opened[0].play()
    await until(lambda: len(heard) >= 55)
    await source.close()
    await listening
    samples = np.frombuffer(b"".join(heard), "<i2")
    loud = np.count_nonzero(np.abs(samples - 6_000) < 200)
    assert loud >= 0.97 * 48_000
    assert heard[-1] == SILENCE
    assert source.label == "Speakers"
    assert machine.opened[0].closed == 1


async def test_silence_keeps_real_time_while_nothing_plays() -> None:
    machine, heard = Machine(), list[bytes]()
    source = LoopbackSource(machine.capture)
    listening = asyncio.create_task(listen(source, heard))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await until(lambda: len(heard) >= 25)
    took_ms = (loop.time() - begun) * 1000
    await source.close()
    await listening
    assert took_ms >= 25 * FRAME_MS - FRAME_MS
    assert set(heard) == {SILENCE}


async def test_an_output_that_is_pulled_out_is_said_and_taken_again_when_it_is_back() -> None:
    machine, heard, reports = Machine(), list[bytes](), list[SourceReport]()
    source = LoopbackSource(machine.capture, report=reports.append)
    listening = asyncio.create_task(listen(source, heard))
    await until(lambda: bool(machine.opened))
    machine.output = ""
    await until(lambda: any(report.trouble is Trouble.GONE for report in reports))
    silent = len(heard)
    await until(lambda: len(heard) > silent + 10)
    machine.output = "Headphones"
    await until(lambda: len(machine.opened) == 2)
    await until(lambda: source.label == "Headphones")
    assert reports[-1] == SourceReport(label="Headphones")
    machine.opened[1].play(STEREO_BLOCK * 10)
    await until(lambda: any(frame != SILENCE for frame in heard))
    await source.close()
    await listening
    assert [capture.closed for capture in machine.opened] == [1, 1]


async def test_the_default_output_is_looked_for_again_when_nothing_was_heard_for_long() -> None:
    machine, now = Machine(), [0.0]
    source = LoopbackSource(machine.capture, follows=True, clock=lambda: now[0])
    pinned = LoopbackSource(machine.capture, "Speakers", follows=True, clock=lambda: now[0])
    await source.open()
    await pinned.open()
    now[0] = QUIET_S + 1
    await until(lambda: len(machine.opened) == 3)
    assert [capture.closed for capture in machine.opened] == [1, 0, 0]
    await source.close()
    await pinned.close()


async def test_what_does_not_open_is_an_error_and_leaves_nothing_open() -> None:
    machine = Machine()
    machine.output = ""
    source = LoopbackSource(machine.capture)
    try:
        await source.open()
    except SourceError as error:
        assert "no output" in error.message
    else:
        raise AssertionError("it opened")
    await source.close()
    await source.close()
    assert not machine.opened
