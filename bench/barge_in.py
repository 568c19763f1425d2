"""Interrupting a spoken answer: how soon it is ducked and stopped, how often that works, and how often for nothing.

Playback, capture, echo cancelling and barge-in are the real ones, on a private sound server whose microphone hears the
loudspeaker 60 ms later, at a quarter of its amplitude. Somebody interrupts a long answer 24 times, in several voices,
a little quieter than the answer is played; then nobody does for a minute.

The moment at which speech begins is found in a recording of the microphone: where the known sound fits best. The
moments of ducking and stopping are those at which the loudspeaker's queue was told.
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, percentile, progress
from bench.sound_server import MICROPHONE, Recording, private_sound, recording
from sentra_tui.domain.audio import FULL_SCALE, SAMPLE_RATE_HZ, ms_to_samples
from sentra_tui.domain.errors import ProviderError
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.voice import synthesize

if TYPE_CHECKING:
    from tests.engine.sound.barge_in_room import BargeInRoom

INTERRUPTIONS = 24
QUIET_S = 60.0
ROOM_MS = 60
ROOM_VOLUME = 0.25
USER_DBFS = -23.0
SEED = 5

SHORT = (
    "Stop, that is not what I meant.", "Wait a moment.", "What about the price?", "No, I asked for the second one.",
    "Please hold on.", "Can you say that again?", "How much does it cost?", "Sorry, who said that?",
    "Okay, thanks, that is enough.", "Let me ask something else.", "Yes, but what if it fails?", "Hang on a second.",
)  # fmt: skip
VOICES = ("ash", "coral", "ballad", "cedar", "en-gb+m3", "sage")
SAMPLES = ("austen-0870.wav", "austen-0890.wav", "cards-005.wav", "go-forward.wav")
LONGEST_S = 3.0
ONSET_DBFS = -45.0
"""Speech begins with its first 10 ms that are louder, if most of the next 100 ms are."""

WARM_UP_S = 5.0
SETTLE_S = 0.8
"""How long after an interruption something may still come of it."""

BREATH_S = 0.1
"""A duck so shortly before the onset is for the breath before it; an earlier one was for something else."""

_STEP = ms_to_samples(10)

Sound = NDArray[np.float32]


class Interruption(Struct, frozen=True):
    """What became of one: milliseconds from the beginning of the speech, None where nothing came of it."""

    duck_ms: float | None
    stop_ms: float | None


def measure(request: Request) -> Measurements:
    """Return all four figures."""
    try:
        from livekit import rtc  # noqa: F401
    except ImportError as error:
        raise CannotMeasure("livekit is not installed: pip install 'sentra-tui[echo]'") from error
    try:
        users = _users(request.samples)
    except ProviderError as error:
        raise CannotMeasure(str(error)) from error
    with private_sound() as server, server.room(ROOM_MS, ROOM_VOLUME), recording(MICROPHONE) as heard:
        bench = _Bench(heard, server.play)
        found, false_stops, minutes = asyncio.run(bench.run(users))
    return _told(found, false_stops, minutes, humans=request.samples is not None)


def _told(found: list[Interruption], false_stops: int, minutes: float, *, humans: bool) -> Measurements:
    ducks = tuple(each.duck_ms for each in found if each.duck_ms is not None)
    stops = tuple(each.stop_ms for each in found if each.stop_ms is not None)
    unheard = len(found) - len(ducks)
    voices = "synthetic and human voices" if humans else "synthetic voices"
    note = f"{len(found)} interruptions, {voices} at {USER_DBFS:g} dBFS, echo at -32; PulseAudio, livekit"
    ducked = f"{note}; {unheard} left out, ducked already or not at all"
    return {
        "false_barge_ins_per_min": Measurement(
            value=false_stops / minutes,
            n=1,
            note=f"{false_stops} in {minutes:.1f} min of answers that nobody interrupts",
        ),
        "barge_ins_found_ratio": Measurement(value=len(stops) / len(found), n=len(found), note=note),
        "duck_p95_ms": Measurement(value=percentile(ducks, 95), trials=ducks, note=ducked),
        "stop_p95_ms": Measurement(value=percentile(stops, 95), trials=stops, note=note),
    }


class _Bench:
    """Interrupts answers and finds out when."""

    def __init__(self, heard: Recording, play: Callable[[bytes], AbstractContextManager[None]]) -> None:
        self._heard = heard
        self._play = play
        self._random = Random(SEED)
        self._false_stops = 0
        self._quiet_s = 0.0

    async def run(self, users: list[Sound]) -> tuple[list[Interruption], int, float]:
        """Return what became of each interruption, and how many stops there were without one in so many minutes."""
        from tests.engine.sound.barge_in_room import open_room
        from tests.services.audio.echo.room import TEXT, frames, speech

        answer = frames(speech(TEXT, QUIET_S))
        async with open_room() as room:
            room.answer(answer)
            await asyncio.sleep(WARM_UP_S)
            await self._listen(room, QUIET_S - WARM_UP_S)
            progress(f"barge-in: {self._false_stops} false stops in {self._quiet_s:.0f} s")
            places = [await self._interrupt(room, user, answer) for user in users]
        # Only now: what takes long would hold up the sound, and disturb what is measured.
        found = [self._judge(room, user, *place) for user, place in zip(users, places, strict=True)]
        return found, self._false_stops, self._quiet_s / 60

    async def _interrupt(self, room: BargeInRoom, user: Sound, answer: list[bytes]) -> tuple[int, int]:
        """Return between which samples of the recording it lies."""
        while True:
            room.transport.sound.clear()
            room.answer(answer)
            if not await self._listen(room, self._random.uniform(1.5, 3.5)):
                break
        start = len(self._heard)
        with self._play(_pcm(user)):
            await asyncio.sleep(len(user) / SAMPLE_RATE_HZ + SETTLE_S)
        return start, len(self._heard)

    def _judge(self, room: BargeInRoom, user: Sound, start: int, end: int) -> Interruption:
        began = start + _place_of(user, self._heard.samples(start)[: end - start])
        onset_s, end_s = self._heard.time_of(began + _onset(user)), self._heard.time_of(end)
        ducks_s = [duck_s for duck_s in room.ducks_s if onset_s - BREATH_S < duck_s < end_s]
        stops_s = [stop_s for stop_s in room.stops_s if self._heard.time_of(start) < stop_s < end_s]
        found = Interruption(_after_ms(ducks_s, onset_s), _after_ms(stops_s, onset_s))
        progress(f"barge-in: {found}")
        return found

    async def _listen(self, room: BargeInRoom, duration_s: float) -> int:
        """Let the answer sound without an interruption; return how often it was stopped all the same."""
        stops = len(room.stops_s)
        await asyncio.sleep(duration_s)
        self._false_stops += len(room.stops_s) - stops
        self._quiet_s += duration_s
        return len(room.stops_s) - stops


def _after_ms(moments_s: list[float], onset_s: float) -> float | None:
    """Return how long after the onset the first of these moments was."""
    return (moments_s[0] - onset_s) * 1000 if moments_s else None


def _place_of(sound: Sound, recorded: NDArray[np.int16]) -> int:
    """Return the sample at which a known sound begins in a recording."""
    size = len(recorded) + len(sound)
    spectrum = np.fft.rfft(recorded.astype(np.float32), size) * np.conj(np.fft.rfft(sound, size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: len(recorded)]))


def _onset(sound: Sound) -> int:
    """Return the sample at which the speech in a sound begins."""
    steps = sound[: len(sound) // _STEP * _STEP].reshape(-1, _STEP)
    loud = np.sqrt((steps**2).mean(axis=1)) > FULL_SCALE * 10 ** (ONSET_DBFS / 20)
    return next(index for index in map(int, np.flatnonzero(loud)) if loud[index : index + 10].mean() > 0.7) * _STEP


def _users(samples: str | None) -> list[Sound]:
    """Return what is said to interrupt, at one loudness: by people too where there are recordings of them."""
    said = [_spoken(text, voice) for text, voice in zip(SHORT * 2, VOICES * 4, strict=True)]
    people = [] if samples is None else [path for name in SAMPLES if (path := Path(samples) / name).is_file()]
    return [*said[: INTERRUPTIONS - len(people)], *map(_recorded, people)]


def _spoken(text: str, voice: str) -> Sound:
    return _levelled(*synthesize(text, voice))


def _recorded(path: Path) -> Sound:
    with wave.open(str(path)) as reader:
        return _levelled(reader.readframes(reader.getnframes()), reader.getframerate())


def _levelled(pcm: bytes, sample_rate_hz: int) -> Sound:
    resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ)
    sound = np.frombuffer(resampler.feed(pcm) + resampler.flush(), "<i2").astype(np.float32)
    sounding = sound[np.abs(sound) > 200]
    levelled = sound * np.float32(FULL_SCALE * 10 ** (USER_DBFS / 20) / np.sqrt(np.mean(sounding**2)))
    return levelled[: ms_to_samples(LONGEST_S * 1000)]


def _pcm(sound: Sound) -> bytes:
    return np.clip(np.rint(sound), -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()
