"""An output that is followed, on real sound servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.services.audio.output import choice
from sentra_tui.services.audio.playback import SpeakerSink
from tests.pulse import PulseServer
from tests.sound_server import Recording, SoundServer

DEADLINE_S = 30.0
TONE = (np.sin(np.arange(FRAME_BYTES // 2) * 2 * np.pi * 500 / SAMPLE_RATE_HZ) * 10_000).astype("<i2").tobytes()
LOUD = 5_000


@pytest.fixture(params=["portaudio", "pacat"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the sound server is reached: also as where PortAudio does not see it."""
    if request.param == "pacat":
        monkeypatch.setattr(choice, "PULSE_DEVICE", "a device that PortAudio does not list")
    return str(request.param)


class Speaker:
    """A sink that is spoken to all the time, and what it told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.played: list[bytes] = []

    @property
    def heard_at(self) -> str:
        return self.told[-1][0] if self.told else self.sink.label

    async def open(self, output: str) -> None:
        self.sink = await SpeakerSink.open(
            output, on_played=self.played.append, on_report=lambda label, cause: self.told.append((label, cause))
        )

    async def speak(self) -> None:
        while True:
            self.sink.write(TONE)
            await asyncio.sleep(FRAME_MS / 1000)


@asynccontextmanager
async def speaking(output: str = "") -> AsyncIterator[Speaker]:
    speaker = Speaker()
    await speaker.open(output)
    talk = asyncio.create_task(speaker.speak())
    try:
        yield speaker
    finally:
        talk.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talk
        await speaker.sink.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.02)


def loud(samples: NDArray[np.int16]) -> int:
    return int(np.count_nonzero(np.abs(samples) > LOUD))


async def until_heard(recording: Recording, seconds: float = 0.2) -> None:
    """Wait for that much more sound than there is already."""
    before = loud(recording.samples())
    await until(lambda: loud(recording.samples()) > before + seconds * SAMPLE_RATE_HZ / 2)


async def test_what_is_written_is_heard(sound: SoundServer, way: str) -> None:
    with sound.record() as recording:
        async with speaking() as speaker:
            await until_heard(recording, 0.5)
            assert speaker.sink.sounding()
            assert speaker.sink.heard_ms() > 300
            assert speaker.sink.label
    assert ("pacat" in "".join(cause for _, cause in speaker.told)) == (way == "pacat")


PIECE_BYTES = 2 * FRAME_BYTES


async def test_the_reference_is_what_the_monitor_hears(pulse: PulseServer) -> None:
    speaker = Speaker()
    noise = np.random.default_rng(7).integers(-8_000, 8_000, SAMPLE_RATE_HZ).astype("<i2").tobytes()
    with pulse.record() as recording:
        await until(lambda: recording.samples().size > 0)
        await speaker.open("")
        try:
            for number in range(0, len(noise), FRAME_BYTES):
                if number == 20 * FRAME_BYTES:
                    speaker.sink.set_gain(0.3)
                speaker.sink.write(noise[number : number + FRAME_BYTES])
                await asyncio.sleep(FRAME_MS / 1000)
            await until(lambda: not speaker.sink.sounding())
            await asyncio.sleep(0.3)
        finally:
            await speaker.sink.close()
    played = b"".join(speaker.played)
    heard = recording.samples().tobytes().strip(b"\0")
    pieces = [heard[start : start + PIECE_BYTES] for start in range(0, len(heard) - PIECE_BYTES, PIECE_BYTES)]
    # A busy machine may leave a hole or two in what is heard, which is no fault of the reference.
    assert len(pieces) >= 15
    assert sum(piece in played for piece in pieces) >= len(pieces) - 4


async def test_a_flush_is_heard_as_silence(sound: SoundServer, way: str) -> None:
    with sound.record() as recording:
        async with speaking() as speaker:
            await until_heard(recording)
        speaker = Speaker()
        await speaker.open("")
        try:
            for _ in range(15):
                speaker.sink.write(TONE)
            await until(lambda: speaker.sink.heard_ms() > 0)
            before = loud(recording.samples())
            speaker.sink.flush()
            await until(lambda: not speaker.sink.sounding())
            await asyncio.sleep(0.5)
            assert loud(recording.samples()) - before < 0.2 * SAMPLE_RATE_HZ
        finally:
            await speaker.sink.close()


@pytest.mark.parametrize("name", ["headphones", "HEADPH"])
async def test_an_output_is_chosen_by_name(sound: SoundServer, way: str, name: str) -> None:
    with sound.added("headphones"), sound.record("headphones.monitor") as there, sound.record() as here:
        async with speaking(name):
            await until_heard(there)
        assert loud(here.samples()) == 0


async def test_an_unknown_output_is_named_with_those_that_exist(sound: SoundServer) -> None:
    with pytest.raises(SourceError, match=r"no loudspeaker called Nonesuch.*spk"):
        await SpeakerSink.open("Nonesuch")


async def test_another_default_output_is_followed_and_told(sound: SoundServer, way: str) -> None:
    with sound.added("headphones"), sound.record("headphones.monitor") as there:
        async with speaking() as speaker:
            before = speaker.sink.label
            with sound.default_sink("headphones"):
                await until_heard(there)
                await until(lambda: speaker.sink.label != before)
                assert speaker.heard_at == speaker.sink.label
            await until(lambda: speaker.heard_at == before)


async def test_an_unplugged_output_is_told_and_heard_elsewhere_and_taken_again_when_it_is_back(
    sound: SoundServer, way: str
) -> None:
    with sound.added("headphones"), sound.record() as here:
        async with speaking("headphones") as speaker:
            with sound.unplugged("headphones"):
                await until_heard(here)
                await until(lambda: bool(speaker.told) and "unplugged" in speaker.told[-1][1])
                assert speaker.heard_at
            await until(lambda: "unplugged" not in speaker.told[-1][1] and bool(speaker.heard_at))
            with sound.record("headphones.monitor") as there:
                await until_heard(there)


async def test_a_moved_stream_is_told(sound: SoundServer, way: str) -> None:
    with sound.added("headphones"):
        async with speaking("headphones") as speaker:
            await until(lambda: len(sound.listed("sink-inputs")) == 1)
            sound.move_stream("sink-input", sound.listed("sink-inputs")[0]["index"], "spk")
            await until(lambda: bool(speaker.told) and "moved" in speaker.told[-1][1])


async def test_a_server_that_stops_is_told_and_the_answer_goes_on_when_it_is_back(sound: SoundServer, way: str) -> None:
    async with speaking() as speaker:
        await until(lambda: speaker.sink.heard_ms() > 100)
        sound.kill()
        await until(lambda: bool(speaker.told) and speaker.told[-1][0] == "")
        assert not speaker.sink.sounding()
        assert speaker.told[-1][1]
        sound.start()
        await until(lambda: bool(speaker.heard_at))
        with sound.record() as recording:
            await until_heard(recording)
            assert speaker.sink.sounding()


async def test_an_output_that_takes_nothing_does_not_sound(pulse: PulseServer) -> None:
    async with speaking() as speaker:
        await until(lambda: speaker.sink.sounding())
        with pulse.suspended("spk", "sink"):
            await until(lambda: bool(speaker.told) and "takes no sound" in speaker.told[-1][1])
            assert not speaker.sink.sounding()
        await until(lambda: speaker.told[-1][1] == "")
        await until(lambda: speaker.sink.sounding())
