import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_BYTES, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.services.audio.file_source import WavSource
from sentra_tui.services.audio.pace import FRAME_S, MAX_BEHIND_S, Pace
from sentra_tui.services.audio.silence import SilentSource
from sentra_tui.services.audio.sources import open_source
from tests.services.audio.wav_files import FLOAT, chunk, encode, fmt, riff, simple, tone


class Clock:
    """A clock that moves only when somebody sleeps, or when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []

    def read(self) -> float:
        return self.now_s

    async def sleep(self, duration_s: float) -> None:
        self.slept_s.append(duration_s)
        self.now_s += duration_s
        await asyncio.sleep(0)

    def pace(self, start_at: float | None = None) -> Pace:
        return Pace(start_at=start_at, clock=self.read, sleep=self.sleep)


async def take(frames: AsyncIterator[bytes], count: int) -> list[bytes]:
    taken: list[bytes] = []
    async with aclosing(cast(AsyncGenerator[bytes], frames)) as stream:
        async for frame in stream:
            taken.append(frame)
            if len(taken) == count:
                break
    return taken


def pitch_hz(frames: list[bytes]) -> float:
    samples = np.frombuffer(b"".join(frames), "<i2")
    return float(np.argmax(np.abs(np.fft.rfft(samples)))) * 48_000 / samples.size


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000])
async def test_a_recording_of_any_rate_comes_out_as_frames_of_its_length_and_pitch(rate_hz: int) -> None:
    source = WavSource(simple(1.0, rate_hz), pace=Clock().pace())
    frames = [frame async for frame in source.frames()]
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert 49 <= len(frames) <= 51
    assert pitch_hz(frames) == pytest.approx(440, abs=2)
    await source.close()


async def test_48_khz_sound_passes_unchanged_and_the_last_frame_is_filled_up() -> None:
    sound = encode(tone(0.03, 48_000), 1, 16)
    source = WavSource(riff(fmt(rate_hz=48_000), chunk(b"data", sound)), pace=Clock().pace())
    assert b"".join([frame async for frame in source.frames()]) == sound + bytes(FRAME_BYTES // 2)


async def test_frames_keep_an_absolute_schedule() -> None:
    clock = Clock()
    source = WavSource(simple(10.0), pace=clock.pace())
    moments = []
    async for _ in source.frames():
        moments.append(clock.now_s)
        clock.now_s += 0.003
    assert moments == pytest.approx([100.0 + number * FRAME_S for number in range(len(moments))])


async def test_after_a_long_stall_only_a_little_is_caught_up_and_nothing_is_skipped() -> None:
    clock = Clock()
    source = WavSource(simple(1.0), pace=clock.pace())
    moments = []
    async for _ in source.frames():
        moments.append(clock.now_s)
        if len(moments) == 10:
            clock.now_s += 30.0
    assert len(moments) in (50, 51)
    at_once = sum(1 for moment in moments if moment == moments[10])
    assert at_once == pytest.approx(MAX_BEHIND_S / FRAME_S, abs=2)
    assert moments[-1] - moments[10] == pytest.approx((len(moments) - 10) * FRAME_S - MAX_BEHIND_S, abs=2 * FRAME_S)


async def test_two_sources_with_one_start_keep_together() -> None:
    moments = []
    for _ in range(2):
        clock = Clock()
        source = WavSource(simple(0.1), pace=clock.pace(start_at=105.0))
        await take(source.frames(), 1)
        moments.append(clock.now_s)
        await source.close()
    assert moments == [105.0, 105.0]


async def test_a_loop_begins_again() -> None:
    source = WavSource(simple(0.1, 48_000), loop=True, pace=Clock().pace())
    frames = await take(source.frames(), 17)
    assert frames[5:10] == frames[:5]
    assert frames[15:] == frames[:2]
    await source.close()


async def test_a_recording_too_short_for_a_frame_loops_in_whole_frames() -> None:
    one_sample = riff(fmt(rate_hz=192_000), chunk(b"data", b"\x01\x00"))
    frames = await take(WavSource(one_sample, loop=True, pace=Clock().pace()).frames(), 3)
    assert [len(frame) for frame in frames] == [FRAME_BYTES] * 3


async def test_a_closed_source_ends() -> None:
    source = WavSource(simple(1.0), loop=True, pace=Clock().pace())
    count = 0
    async for _ in source.frames():
        count += 1
        if count == 3:
            await source.close()
            await source.close()
    assert count == 3


async def test_no_step_holds_up_the_loop() -> None:
    """Ten minutes of 96 kHz stereo are never decoded at once: the first frame reads only its own samples."""
    frames = 96_000 * 600
    wav = riff(fmt(encoding=FLOAT, bits=32, channels=2, rate_hz=96_000), chunk(b"data", bytes(8 * 96_000), size=frames))
    source = WavSource(wav, pace=Clock().pace())
    reads: list[int] = []
    read = source._recording.read

    def counted(first: int, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
        reads.append(count)
        return read(first, count)

    source._recording.read = counted  # type: ignore[method-assign]
    await take(source.frames(), 1)
    assert sum(reads) <= 96_000 // 10
    await source.close()


async def test_the_label_is_the_cleaned_file_name(tmp_path: Path) -> None:
    path = tmp_path / "ta\x1b[31mlk.wav"
    path.write_bytes(simple())
    source = WavSource(path)
    assert source.label == "ta␛[31mlk.wav"
    await source.close()
    assert WavSource(simple(), label="demo talk").label == "demo talk"


async def test_real_speech_plays(sample: object) -> None:
    path = sample("go-forward.wav")  # type: ignore[operator]
    source = await open_source(str(path))
    assert source.label == "go-forward.wav"
    frames = await take(source.frames(), 5)
    assert len(frames) == 5
    await source.close()


async def test_silence_lasts_until_it_is_closed() -> None:
    source = await open_source("none", pace=Clock().pace())
    assert isinstance(source, SilentSource)
    count = 0
    async for frame in source.frames():
        assert frame == SILENCE
        count += 1
        if count == 5:
            await source.close()
    assert count == 5


@pytest.mark.parametrize("spec", ["missing.wav", "~nobody-of-this-name/x.wav", "a\0b.wav", "device/../x.wav"])
async def test_a_source_that_is_not_there_is_named(spec: str) -> None:
    with pytest.raises(SourceError):
        await open_source(spec)
