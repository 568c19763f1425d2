"""Microphone and loudspeaker on a real sound server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.services.audio.capture import MicrophoneSource
from sentra_tui.services.audio.devices import Device
from sentra_tui.services.audio.playback import SpeakerSink
from sentra_tui.services.audio.sources import open_source
from tests.pulse import PulseServer

DEADLINE_S = 20.0


def tone(hz: float, seconds: float) -> bytes:
    moments = np.arange(int(SAMPLE_RATE_HZ * seconds)) / SAMPLE_RATE_HZ
    return bytes((np.sin(2 * np.pi * hz * moments) * 10_000).astype("<i2").tobytes())


def pitch_hz(pcm: bytes | np.ndarray[Any, Any]) -> float:
    samples = np.frombuffer(pcm, "<i2") if isinstance(pcm, bytes) else pcm
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * SAMPLE_RATE_HZ / samples.size


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # it becomes true in another thread, or another process
        await asyncio.sleep(0.05)


async def loud_frames(source: MicrophoneSource, count: int) -> bytes:
    loud = []
    async with asyncio.timeout(DEADLINE_S), aclosing(cast(Any, source.frames())) as frames:
        async for frame in frames:
            assert len(frame) == FRAME_BYTES
            if np.abs(np.frombuffer(frame, "<i2")).max() > 5_000:
                loud.append(frame)
            if len(loud) == count:
                break
    return b"".join(loud)


def test_a_device_that_ran_dry_and_asks_for_several_blocks_in_one_go_ran_dry_once() -> None:
    device = Device("output", "", lambda _: None, lambda: None)
    time = SimpleNamespace(outputBufferDacTime=0.0, currentTime=0.0)
    for ran_dry in (False, True, True, True, False, False, True, False):
        device._callback(bytearray(), 480, time, ran_dry)
    assert device.xruns == 2


@pytest.mark.parametrize("device", ["", "sentra_mic", "SENTRA_M", "ALSA:sentra_mic"])
async def test_the_microphone_hears_what_is_said_into_it(pulse: PulseServer, device: str) -> None:
    microphone = MicrophoneSource(device)
    try:
        with pulse.play(tone(440, 10)):
            heard = await loud_frames(microphone, 25)
    finally:
        await microphone.close()
        await microphone.close()
    assert pitch_hz(heard) == pytest.approx(440, abs=4)


async def test_an_opened_device_gives_frames(pulse: PulseServer) -> None:
    source = await open_source("device:sentra_mic")
    try:
        assert source.label == "sentra_mic"
        async with asyncio.timeout(DEADLINE_S), aclosing(cast(Any, source.frames())) as frames:
            assert len(await anext(frames)) == FRAME_BYTES
    finally:
        await source.close()


async def test_an_unknown_device_is_named_with_those_that_exist(pulse: PulseServer) -> None:
    with pytest.raises(SourceError, match=r"no microphone called Nonesuch.*sentra_mic"):
        await open_source("device:Nonesuch")


async def test_a_microphone_that_falls_silent_is_an_error(pulse: PulseServer) -> None:
    microphone = MicrophoneSource(stall_s=0.5)
    try:
        async with asyncio.timeout(DEADLINE_S):
            with pytest.raises(SourceError, match="gives no sound any more"):
                async with aclosing(cast(Any, microphone.frames())) as frames:
                    await anext(frames)
                    pulse.control("suspend-source", "mic", "1")
                    async for _ in frames:
                        pass
    finally:
        pulse.control("suspend-source", "mic", "0")
        await microphone.close()


async def test_a_loop_that_does_not_come_for_sound_loses_the_oldest_and_knows_it(pulse: PulseServer) -> None:
    microphone = MicrophoneSource()
    try:
        await microphone.open()
        async with asyncio.timeout(DEADLINE_S):
            await until(lambda: microphone.dropped_blocks > 0)
            async with aclosing(cast(Any, microphone.frames())) as frames:
                assert len(await anext(frames)) == FRAME_BYTES
    finally:
        await microphone.close()


async def test_a_source_closed_while_it_waits_ends(pulse: PulseServer) -> None:
    microphone = MicrophoneSource()

    async def listen() -> int:
        return len([frame async for frame in microphone.frames()])

    listening = asyncio.create_task(listen())
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.sleep(0.1)
        await microphone.close()
        await listening


async def test_the_loudspeaker_plays_what_is_written(pulse: PulseServer) -> None:
    sink = await SpeakerSink.open("sentra_spk")
    try:
        with pulse.record() as recording:
            sound = tone(660, 1)
            for start in range(0, len(sound), FRAME_BYTES):
                sink.write(sound[start : start + FRAME_BYTES])
                await asyncio.sleep(0.019)
            async with asyncio.timeout(DEADLINE_S):
                await until(lambda: int(np.count_nonzero(np.abs(recording.samples()) > 5_000)) > SAMPLE_RATE_HZ // 4)
        heard = recording.samples()
    finally:
        await sink.close()
        await sink.close()
    loud = np.flatnonzero(np.abs(heard) > 5_000)
    assert pitch_hz(heard[loud[0] : loud[-1]]) == pytest.approx(660, abs=8)


async def test_a_flushed_loudspeaker_forgets_what_waits(pulse: PulseServer) -> None:
    sink = await SpeakerSink.open()
    try:
        with pulse.record() as recording:
            for _ in range(3):
                sink.write(tone(500, 0.1))
            sink.flush()
            await asyncio.sleep(0.5)
        assert np.count_nonzero(recording.samples()) < SAMPLE_RATE_HZ // 10
    finally:
        await sink.close()


def test_sound_libraries_print_nothing_on_standard_output(pulse: PulseServer) -> None:
    program = (
        "import asyncio\n"
        "from sentra_tui.services.audio.capture import MicrophoneSource\n"
        "async def main():\n"
        "    source = MicrophoneSource()\n"
        "    await anext(source.frames())\n"
        "    await source.close()\n"
        "asyncio.run(main())\n"
    )
    environ = {**os.environ, **pulse.environ}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environ, timeout=DEADLINE_S)
    assert (done.returncode, done.stdout) == (0, b"")


async def test_a_server_that_dies_ends_the_microphone_and_its_return_brings_it_back(pulse: PulseServer) -> None:
    microphone = MicrophoneSource()
    try:
        async with asyncio.timeout(DEADLINE_S):
            with pytest.raises(SourceError, match=r"is gone|gives no sound"):
                async with aclosing(cast(Any, microphone.frames())) as frames:
                    await anext(frames)
                    pulse.kill()
                    async for _ in frames:
                        pass
    finally:
        await microphone.close()
        pulse.start()
    again = await open_source("device")
    try:
        async with asyncio.timeout(DEADLINE_S), aclosing(cast(Any, again.frames())) as frames:
            assert len(await anext(frames)) == FRAME_BYTES
    finally:
        await again.close()
