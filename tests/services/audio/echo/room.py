"""A room made of arithmetic: a loudspeaker, its echo, and somebody who speaks near the microphone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_SAMPLES, FULL_SCALE, SAMPLE_RATE_HZ, ms_to_samples
from sentra_tui.provider import voice

Sound = NDArray[np.float32]

TEXT = (
    "The quick brown fox jumps over the lazy dog. A cache that writes through keeps both copies equal at all times. "
    "Whoever reads it gets the newest value, and pays for it when it is written. Let us look at the other way round."
)
OTHER_TEXT = "Excuse me, I would like to ask something else. How long does that take, and who else knows of it by now?"
REVERBERATION_MS = 150


def speech(text: str, duration_s: float, level_dbfs: float = -20.0, speaker: str = "marin") -> Sound:
    """Return speech at 48 kHz, said again and again; raises ProviderError where there is no voice."""
    said = voice._frames(text, speaker, voice.WORDS_PER_MINUTE)
    once = np.frombuffer(b"".join(said), "<i2").astype(np.float32)
    samples = np.resize(once, round(duration_s * SAMPLE_RATE_HZ))
    return (samples * 10 ** ((level_dbfs - voice.LEVEL_DBFS) / 20)).astype(np.float32)


def echo_of(played: Sound, delay_ms: float, gain_db: float = -6.0) -> Sound:
    """Return what a microphone in a reverberant room hears of it."""
    random = np.random.default_rng(7)
    length = ms_to_samples(REVERBERATION_MS)
    response = random.normal(size=length) * np.exp(-np.arange(length) / length * 6.9)
    response[0] = 4.0
    response /= np.sqrt(response @ response)
    size = len(played) + length
    wet = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(response, size), size)[: len(played)]
    delay = ms_to_samples(delay_ms)
    late = np.concatenate([np.zeros(delay), wet])[: len(played)]
    return (late * 10 ** (gain_db / 20)).astype(np.float32)


def noise(samples: int, level_dbfs: float = -65.0) -> Sound:
    """Return the noise of a quiet room."""
    random = np.random.default_rng(11)
    return (random.normal(size=samples) * FULL_SCALE * 10 ** (level_dbfs / 20)).astype(np.float32)


def frames(sound: Sound) -> list[bytes]:
    """Return it as frames of 20 ms."""
    pcm = np.clip(np.rint(sound), -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()
    return [pcm[start : start + FRAME_BYTES] for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def samples(heard: list[bytes]) -> Sound:
    """Return frames as samples."""
    return np.frombuffer(b"".join(heard), "<i2").astype(np.float32)


def reduction_db(before: Sound, after: Sound, start_s: float, end_s: float) -> float:
    """Return how much less energy there is in a part of the one than in that of the other, in dB."""
    part = slice(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))
    return 10 * float(np.log10((before[part] @ before[part] + 1) / (after[part] @ after[part] + 1)))


def likeness(one: Sound, other: Sound) -> float:
    """Return how alike two sounds are in their loudness over time, -1 to 1, a delay of a few frames aside."""
    count = min(len(one), len(other)) // FRAME_SAMPLES
    levels = [
        np.log10((each[: count * FRAME_SAMPLES].reshape(count, -1) ** 2).mean(axis=1) + 100) for each in (one, other)
    ]
    return max(float(np.corrcoef(levels[0][: count - lag], levels[1][lag:])[0, 1]) for lag in range(5))
