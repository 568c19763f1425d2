"""Sound that is counted: blocks of 100 ms that say their numbers, so that what was lost is a number, not an opinion.

A block is a chord of five tones: four digits and one that checks them. Neighbours in a group are 80 Hz apart and higher
groups are softer, which Opus at 32 kbit/s, a lost packet and any rate from 16 kHz leave readable; detectors take the
chords for speech. Whoever has 60 ms of a block reads its number, whoever has 50 ms or less does not: of a block that is
cut in two, never both sides do.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentra_tui.domain.audio import FULL_SCALE, SAMPLE_BYTES, SAMPLE_RATE_HZ, ms_to_samples

BLOCK_MS = 100
NUMBERS = 10_000
"""Numbers go from 0 up to, not including, this one."""

_LOWEST_HZ, _STEP_HZ = 300, 80
_DIGITS, _CHECKS = 10, 11
_GROUPS = (_DIGITS, _DIGITS, _DIGITS, _DIGITS, _CHECKS)
_AMPLITUDES = (1.0, 0.65, 0.42, 0.27, 0.18)
_RMS = 0.145 * FULL_SCALE
_RAMP_MS = 3
_PLACES = np.array([1000, 100, 10, 1])
_WEIGHTS = np.array([1, 3, 7, 9])
"""Modulo 11, they tell any single wrong digit."""

_HOP_MS = 5
_WINDOW_MS = 30
_LEAST_HOPS = 11
_HOPS_OF_A_BLOCK = BLOCK_MS // _HOP_MS
_SILENT_RMS = 0.01 * FULL_SCALE
_LEAD_MS = 500
_NOISE_RMS = 1.0
"""Every microphone has noise; on exact zeros detectors go astray."""


def _tones() -> list[NDArray[np.float64]]:
    """Return the frequencies of each group, in Hz: groups follow each other with one step between them."""
    groups: list[NDArray[np.float64]] = []
    lowest = float(_LOWEST_HZ)
    for size in _GROUPS:
        groups.append(np.arange(size, dtype=np.float64) * _STEP_HZ + lowest)
        lowest += _STEP_HZ * (size + 1)
    return groups


_TONES = _tones()


class BlockReader:
    """Reads the numbers of coded sound that comes in pieces: mono, s16le."""

    def __init__(self, rate_hz: int) -> None:
        self._hop = rate_hz * _HOP_MS // 1000
        window = rate_hz * _WINDOW_MS // 1000
        self._margin = (window - self._hop) // 2
        time_s = np.arange(window)[:, None] / rate_hz
        waves = np.hanning(window)[:, None] * np.exp(-2j * np.pi * time_s * np.concatenate(_TONES))
        self._cosines = np.ascontiguousarray(waves.real, np.float32)
        self._sines = np.ascontiguousarray(waves.imag, np.float32)
        self._samples = np.zeros(self._margin, np.float32)
        self._heard: list[int] = []
        self._odd = b""

    def feed(self, pcm: bytes) -> None:
        """Take more sound."""
        pcm = self._odd + pcm
        whole = len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES
        self._odd = pcm[whole:]
        self._take(np.frombuffer(pcm[:whole], "<i2").astype(np.float32))

    def finish(self) -> list[int]:
        """Return all numbers, in their order; nothing may be fed after it."""
        self._take(np.zeros(len(self._sines) - self._margin, np.float32))
        return self._read(len(self._heard))

    def numbers(self) -> list[int]:
        """Return the numbers of the blocks that are over, in their order."""
        return self._read(len(self._heard) - _HOPS_OF_A_BLOCK)

    def _take(self, samples: NDArray[np.float32]) -> None:
        samples = np.concatenate([self._samples, samples])
        window = len(self._sines)
        if len(samples) >= window:
            windows = np.lib.stride_tricks.sliding_window_view(samples, window)[:: self._hop]
            self._heard += self._label(windows)
            samples = samples[len(windows) * self._hop :]
        self._samples = samples

    def _label(self, windows: NDArray[np.float32]) -> list[int]:
        """Return for each window what number is heard in its middle, -1 for none."""
        middles = windows[:, self._margin : self._margin + self._hop]
        loud = np.sqrt(np.mean(middles**2, axis=1)) >= _SILENT_RMS
        powers = (windows @ self._cosines) ** 2 + (windows @ self._sines) ** 2
        groups = np.split(powers, np.cumsum(_GROUPS)[:-1], axis=1)
        *digits, check = (group.argmax(axis=1) for group in groups)
        stacked = np.stack(digits, axis=1)
        right = stacked @ _WEIGHTS % _CHECKS == check
        found: list[int] = np.where(loud & right, stacked @ _PLACES, -1).tolist()
        return found

    def _read(self, before_hop: int) -> list[int]:
        """Return the numbers heard for long enough, in the order of their middles, of those over by `before_hop`."""
        hops: dict[int, list[list[int]]] = {}
        for place, number in enumerate(self._heard):
            if number < 0:
                continue
            times = hops.setdefault(number, [])
            if not times or place - times[-1][-1] > _HOPS_OF_A_BLOCK:
                times.append([])
            times[-1].append(place)
        read = [
            (heard[len(heard) // 2], number)
            for number, times in hops.items()
            for heard in times
            if len(heard) >= _LEAST_HOPS and heard[-1] < before_hop
        ]
        return [number for _, number in sorted(read)]


def encode(numbers: Iterable[int]) -> bytes:
    """Return one block for each number: 48 kHz mono, s16le."""
    return b"".join(_block(number) for number in numbers)


def decode(pcm: bytes, rate_hz: int) -> list[int]:
    """Return the numbers in sound of at least 16 kHz, mono s16le, wherever its blocks begin."""
    reader = BlockReader(rate_hz)
    reader.feed(pcm)
    return reader.finish()


def talk(first: int, utterances: int, blocks: int = 25, pause_ms: int = 900) -> bytes:
    """Return utterances of so many blocks, numbered on from `first`, with a pause after each: 48 kHz mono, s16le."""
    noise = np.random.default_rng(first)
    sound = [_silence(noise, _LEAD_MS)]
    for start in range(first, first + utterances * blocks, blocks):
        sound += [encode(range(start, start + blocks)), _silence(noise, pause_ms)]
    return b"".join(sound)


def write_talk(path: Path, first: int, utterances: int, blocks: int = 25, pause_ms: int = 900) -> list[int]:
    """Write a `talk` as a WAV file; return the numbers in it."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(SAMPLE_BYTES)
        writer.setframerate(SAMPLE_RATE_HZ)
        writer.writeframes(talk(first, utterances, blocks, pause_ms))
    return list(range(first, first + utterances * blocks))


def words(numbers: Iterable[int]) -> str:
    """Return numbers as they are written down: four digits each."""
    return " ".join(f"{number:04d}" for number in numbers)


def _block(number: int) -> bytes:
    if not 0 <= number < NUMBERS:
        raise ValueError(f"a block's number is 0 to {NUMBERS - 1}, not {number}")
    digits = number // _PLACES % _DIGITS
    chosen = [*digits, int(digits @ _WEIGHTS % _CHECKS)]
    time_s = np.arange(ms_to_samples(BLOCK_MS)) / SAMPLE_RATE_HZ
    chord = np.zeros(time_s.size)
    for place, (tones, digit, amplitude) in enumerate(zip(_TONES, chosen, _AMPLITUDES, strict=True)):
        chord += amplitude * np.sin(2 * np.pi * tones[digit] * time_s + place)
    ramp = np.sin(np.linspace(0, np.pi / 2, ms_to_samples(_RAMP_MS))) ** 2
    chord[: ramp.size] *= ramp
    chord[-ramp.size :] *= ramp[::-1]
    loudness = _RMS / np.sqrt(np.sum(np.square(_AMPLITUDES)) / 2)
    return _s16le(chord * loudness)


def _silence(noise: np.random.Generator, duration_ms: int) -> bytes:
    return _s16le(noise.normal(0.0, _NOISE_RMS, ms_to_samples(duration_ms)))


def _s16le(sound: NDArray[np.float64]) -> bytes:
    whole: NDArray[np.int16] = np.round(sound).astype("<i2")
    return whole.tobytes()
