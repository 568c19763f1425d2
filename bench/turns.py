"""Turns of talk as tones: said at the microphone, answered by a scripted provider, heard at the loudspeaker."""

from __future__ import annotations

from random import Random

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.sound_server import Recording
from sentra_tui.domain.audio import FRAME_MS, SAMPLE_RATE_HZ, ms_to_samples

TURNS = 30
TURN_S = 1.8
PROVIDER_S = 0.5
"""What the provider takes from the last of the speech to the first of the answer: silence of its turn detection, and
thought."""
LOUD = 2_000
SEED = 13

_SPEECH_MS = 400
_PAUSE_MS = 200


class Turn(Struct, frozen=True):
    """One turn at the provider, in seconds of the monotonic clock."""

    heard_s: float
    """When the last loud piece of the speech had arrived."""
    answered_s: float
    """When the first piece of the answer was handed over to be sent."""


class Ways(Struct, frozen=True):
    """How long sound travelled in one turn."""

    there_s: float
    back_s: float


def tone(frequency_hz: float, samples: int, start: int = 0, rate_hz: int = SAMPLE_RATE_HZ) -> NDArray[np.int16]:
    """Return a piece of a tone, from its sample `start` on."""
    time_s = (np.arange(samples) + start) / rate_hz
    return (np.sin(2 * np.pi * frequency_hz * time_s) * 8_000).astype("<i2")


def speech() -> bytes:
    """Return a tone for each turn, which end at all places of a frame."""
    random = Random(SEED)
    pieces = []
    for _ in range(TURNS):
        said = tone(440, ms_to_samples(_SPEECH_MS + random.uniform(0, FRAME_MS)))
        pieces += [said, np.zeros(ms_to_samples(TURN_S * 1000) - said.size, "<i2")]
    return np.concatenate(pieces).tobytes()


def is_loud(pcm: bytes) -> bool:
    """Return whether there is speech in this sound."""
    return bool(pcm) and int(np.abs(np.frombuffer(pcm, "<i2").astype(int)).max()) >= LOUD


def ways(turns: list[Turn], said: Recording, heard: Recording) -> list[Ways]:
    """Return how long sound travelled in each turn that can be told apart."""
    ends_s = [said.time_of(end) for _, end in bursts(said.samples())]
    begins_s = [heard.time_of(begin) for begin, _ in bursts(heard.samples())]
    found = []
    for end_s in ends_s:
        at_provider = [turn for turn in turns if 0 <= turn.heard_s - end_s < PROVIDER_S]
        at_loudspeaker = [begin_s for begin_s in begins_s if 0 < begin_s - end_s < TURN_S - _SPEECH_MS / 1000]
        if len(at_provider) == len(at_loudspeaker) == 1:
            turn = at_provider[0]
            found.append(Ways(turn.heard_s - end_s, at_loudspeaker[0] - turn.answered_s))
    return found


def bursts(samples: NDArray[np.int16]) -> list[tuple[int, int]]:
    """Return the first sample of each burst of sound, and the one after its last."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) >= LOUD)
    if not loud.size:
        return []
    breaks = np.flatnonzero(np.diff(loud) > ms_to_samples(_PAUSE_MS))
    begins = [loud[0], *loud[breaks + 1]]
    ends = [*loud[breaks], loud[-1]]
    return [(int(begin), int(end) + 1) for begin, end in zip(begins, ends, strict=True)]
