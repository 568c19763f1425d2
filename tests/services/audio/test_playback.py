"""What the loudspeaker tells of what was heard."""

from __future__ import annotations

import asyncio

import numpy as np

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ
from sentra_tui.services.audio.playback import SpeakerSink
from tests.pulse import PulseServer

DEADLINE_S = 20.0
TONE = (np.sin(np.arange(FRAME_BYTES // 2) * 2 * np.pi * 500 / SAMPLE_RATE_HZ) * 10_000).astype("<i2").tobytes()


async def until_heard(sink: SpeakerSink, duration_ms: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while sink.heard_ms() < duration_ms:
            await asyncio.sleep(0.01)


async def speak(sink: SpeakerSink, frames: int) -> None:
    for _ in range(frames):
        sink.write(TONE)
        await asyncio.sleep(FRAME_MS / 1000)


async def test_all_that_was_played_was_heard_and_silence_is_not_counted(pulse: PulseServer) -> None:
    sink = await SpeakerSink.open()
    try:
        assert sink.heard_ms() == 0
        await speak(sink, 10)
        await until_heard(sink, 200)
        await asyncio.sleep(0.3)
        assert sink.heard_ms() == 200
        await speak(sink, 5)
        await until_heard(sink, 300)
        await asyncio.sleep(0.3)
        assert sink.heard_ms() == 300
    finally:
        await sink.close()
    assert sink.heard_ms() == 300


async def test_what_a_flush_forgot_was_not_heard(pulse: PulseServer) -> None:
    sink = await SpeakerSink.open()
    try:
        with pulse.record() as recording:
            async with asyncio.timeout(DEADLINE_S):
                while not recording.samples().size:
                    await asyncio.sleep(0.01)
            await speak(sink, 25)
            for _ in range(5):
                sink.write(TONE)
            sink.flush()
            await asyncio.sleep(0.5)
            heard_ms = sink.heard_ms()
        loud = np.count_nonzero(recording.samples()) * 1000 / SAMPLE_RATE_HZ
    finally:
        await sink.close()
    assert 0 < heard_ms < 30 * FRAME_MS
    assert abs(heard_ms - loud) <= 30


async def test_what_the_device_still_holds_is_not_heard_yet(pulse: PulseServer) -> None:
    sink = await SpeakerSink.open()
    try:
        for _ in range(10):
            sink.write(TONE)
        seen: list[int] = []
        async with asyncio.timeout(DEADLINE_S):
            while not seen or seen[-1] < 200:
                seen.append(sink.heard_ms())
                await asyncio.sleep(0.005)
    finally:
        await sink.close()
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
