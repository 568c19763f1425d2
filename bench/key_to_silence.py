"""From a key to silence: a spoken answer is cut, and a recording of the loudspeaker says when it ended.

The engine is real, in a process of its own; the moment of the key is the write of `cancel_answer` to it. The delay of
the device is measured beside it on the same recording: a stream opened as the engine opens its own falls silent at a
moment that its callback notes. The recorder's delay is in both, so it does not count.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, median, progress
from bench.sound_server import MONITOR, Recording, private_sound, recording
from sentra_tui.domain import actions as a
from sentra_tui.domain.audio import SAMPLE_RATE_HZ, ms_to_samples
from sentra_tui.services.audio.devices import Device

KEYS = 24
BEEPS = 24
QUESTION = "What is a write-through cache?"
SEED = 11

_QUIET_MS = 700
_STEP_S = 0.02
_DEADLINE_S = 30.0
_PAUSE_MS = 10
"""Sound that ended so long before the key could have ended it, ended by itself: the answer was between two words."""
_CANCEL = msgspec.json.encode(a.CancelAnswer()) + b"\n"


def measure(request: Request) -> Measurements:
    """Return the delay from the key to silence, the device's own taken off."""
    with private_sound() as server, tempfile.TemporaryDirectory() as home, recording(MONITOR) as heard:
        return {"key_to_silence_ms": asyncio.run(_measure(Path(home), server.environ, heard))}


async def _measure(home: Path, environ: dict[str, str], heard: Recording) -> Measurement:
    from tests.engine.process import EngineProcess

    engine = await EngineProcess.start(home, "--provider=local", "--mic=none", "--speaker=none", env=environ)
    try:
        await engine.until_live("mic")
        engine.send(a.SetVoice(True))
        await engine.until(lambda state: state.voice)
        device_ms = await _device_delays_ms(heard)
        random = Random(SEED)
        totals_ms: list[float] = []
        between_words = 0
        while len(totals_ms) < KEYS:
            engine.send(a.SayText(QUESTION))
            await _until_sound(heard)
            await asyncio.sleep(random.uniform(0.3, 1.5))
            key_s = time.monotonic()
            engine.send_raw(_CANCEL)
            total_ms = (await _end_of_sound_s(heard) - key_s) * 1000
            if total_ms < median(device_ms) - _PAUSE_MS:
                between_words += 1
                if between_words > KEYS:
                    raise CannotMeasure("the answers ended before the key, most of the time")
                continue
            totals_ms.append(total_ms)
        progress(f"key to silence: {len(totals_ms)} keys, {between_words} between two words")
    finally:
        await engine.stop()
    return _told(totals_ms, device_ms, between_words)


def _told(totals_ms: list[float], device_ms: list[float], between_words: int) -> Measurement:
    delay_ms = median(device_ms)
    trials = tuple(total_ms - delay_ms for total_ms in totals_ms)
    note = (
        f"worst of {len(trials)} keys; device latency of {delay_ms:.1f} ms taken off: from a callback of a stream like "
        f"the engine's to the end of its sound at the monitor, median of {len(device_ms)}, {min(device_ms):.1f} to "
        f"{max(device_ms):.1f}; null sink of PulseAudio; {between_words} keys that fell between two words left out"
    )
    return Measurement(value=max(trials), trials=trials, note=note)


async def _device_delays_ms(heard: Recording) -> list[float]:
    """Return what lies between the callback with the first silent block and the end of the sound before it."""
    beeper = Beeper()
    device = Device("output", "", beeper.fill, lambda: None)
    await device.open()
    try:
        delays_ms = []
        for index in range(BEEPS):
            beeper.sounding = True
            await _until_sound(heard)
            await asyncio.sleep(0.1 + index * 0.0037)
            beeper.fell_silent.clear()
            beeper.sounding = False
            await asyncio.to_thread(beeper.fell_silent.wait, _DEADLINE_S)
            delays_ms.append((await _end_of_sound_s(heard) - beeper.silent_at_s) * 1000)
        return delays_ms
    finally:
        await device.close()


class Beeper:
    """Fills blocks with a tone while `sounding`, and notes when it hands over the first silent one."""

    def __init__(self) -> None:
        self.sounding = False
        self.fell_silent = threading.Event()
        self.silent_at_s = 0.0

    def fill(self, block: Any) -> None:
        """Fill one block; called by the sound system."""
        if self.sounding:
            block[:] = (b"\x00\x20\x00\xe0" * len(block))[: len(block)]
            return
        if not self.fell_silent.is_set():
            self.silent_at_s = time.monotonic()
            self.fell_silent.set()
        block[:] = bytes(len(block))


async def _until_sound(heard: Recording) -> None:
    start = len(heard)
    async with asyncio.timeout(_DEADLINE_S):
        while True:
            await asyncio.sleep(_STEP_S)
            if heard.samples(start).any():
                return


async def _end_of_sound_s(heard: Recording) -> float:
    """Wait for enough silence, and return when it began: the last sample that is not zero was played before."""
    quiet = ms_to_samples(_QUIET_MS)
    async with asyncio.timeout(_DEADLINE_S):
        while True:
            await asyncio.sleep(_STEP_S)
            length = len(heard)
            latest = heard.samples(length - 2 * quiet)
            start = length - min(length, 2 * quiet)
            sounding = np.flatnonzero(latest)
            if sounding.size and length - start - int(sounding[-1]) > quiet:
                return heard.time_of(start + int(sounding[-1]) + 1)
            if not sounding.size:
                raise CannotMeasure(f"no sound within {2 * quiet / SAMPLE_RATE_HZ:g} s before a key")
