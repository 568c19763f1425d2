"""Holds the microphone while all that it hears is what another stream plays in the same room.

For where nothing cancels echo. The loudness of both streams is compared every 10 ms over a second: where the
microphone follows the other at one distance in time, that distance and the loss on the way are kept as the room, and
from then on what the other played tells how loud its echo may be. Whatever is louder is the user's, and passes at
once; so does everything while the room is not known. An own voice is never held for long: a leaked echo costs a
marked line, a swallowed word costs the word.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sentra_tui.domain.audio import FRAME_MS, FULL_SCALE

Loudness: TypeAlias = NDArray[np.float64]
"""RMS amplitudes, full scale is 1."""

STEP_MS = 10
_STEPS = FRAME_MS // STEP_MS
WINDOW = 800 // STEP_MS
"""How much is compared, in steps: some syllables, and short enough for the user's voice to show."""
LAG_LEAST, LAG_MOST = -40 // STEP_MS, 300 // STEP_MS
"""How late the microphone may be, in steps: a room takes 5-50 ms, devices and drivers the rest. It is a little early
where the other stream's way here is the longer one.
"""
_LAGS = LAG_MOST - LAG_LEAST + 1
_KEPT = WINDOW + _LAGS

OTHER_SOUNDS = 10 ** (-50 / 20)
"""A loudspeaker below this makes no echo worth holding."""
FOLLOWS = 0.8
"""The correlation from which on the microphone follows the other, and the room can be learned."""
SURE_MS, SAME_LAG = 720, 2
"""It must do so for so long, at one distance within so many steps: any two voices are alike for a moment."""
FOLLOWS_LESS = 0.1
"""So much less than is usual in the room, and the microphone hears more than the other."""
LEARNING = 0.3
MARGIN = 10 ** (3 / 20)
"""How much louder than expected an echo may be: rooms are not even."""
FADES = 10 ** (-60 / 20 * STEP_MS / 400)
"""How a room fades, a step: by 60 dB in 400 ms."""
PASSES_ON_MS = 300
"""Who spoke goes on speaking."""
ROOM_HOLDS_MS = 20_000
"""So long of the other's sound that the microphone does not follow as it did, and the room is another: headphones, a
new device.
"""
COMPARED_EACH = 3
"""Frames: what a window says changes slowly."""
SILENT_AFTER_MS = 200
"""Another stream that gives no frames for so long is silent."""


class EnvelopeBleedGate:
    """A `BleedGate` by loudness alone: half a percent of a core, a fifth of that while the other is silent."""

    def __init__(self) -> None:
        self._mic = np.zeros(_KEPT)
        self._other = np.zeros(_KEPT)
        self._lag = 0
        self._gain = 0.0
        self._usual = 0.0
        """How closely the microphone follows the other in this room, as a correlation."""
        self._alike_ms = 0
        self._unlike_ms = 0
        self._passes_on_ms = 0
        self._missing_ms = 0
        self._frames = 0

    def hear_other(self, frame: bytes) -> None:
        """Take the next frame of the other stream."""
        self._missing_ms = 0
        _append(self._other, _loudness(frame))

    def passes(self, frame: bytes) -> bool:
        """Return whether the microphone's next frame holds more than an echo of the other stream."""
        loudness = _loudness(frame)
        _append(self._mic, loudness)
        self._missing_ms += FRAME_MS
        if self._missing_ms > SILENT_AFTER_MS:
            _append(self._other, np.zeros(_STEPS))
        if float(self._other.max()) < OTHER_SOUNDS:
            return True
        self._frames += 1
        if self._frames % COMPARED_EACH == 0:
            self._compare()
        self._passes_on_ms = max(0, self._passes_on_ms - FRAME_MS)
        if self._gain and float(loudness.max()) > self._expected():
            self._passes_on_ms = PASSES_ON_MS
        return not self._gain or self._passes_on_ms > 0

    def _compare(self) -> None:
        """Learn the room where the microphone follows the other; forget it where it does not."""
        mic = self._mic[LAG_LEAST - WINDOW : LAG_LEAST]
        others = np.lib.stride_tricks.sliding_window_view(self._other, WINDOW)[::-1]
        correlation = _correlation(mic, others)
        best = int(correlation.argmax())
        likeness = float(correlation[best])
        if self._gain and likeness < self._usual - FOLLOWS_LESS:
            if self._is_loud_enough():
                self._doubt()
        elif self._follows(best + LAG_LEAST, likeness, others[best]):
            # Least squares: the loudest moments decide, the quiet ones are the room's own noise.
            self._learn(float(mic @ others[best] / (others[best] @ others[best])), likeness)

    def _follows(self, lag: int, likeness: float, other: Loudness) -> bool:
        """Whether the microphone has followed the other for long enough at this distance."""
        if np.count_nonzero(other > OTHER_SOUNDS) < WINDOW // 2:
            return False
        alike = likeness >= FOLLOWS and (not self._alike_ms or abs(lag - self._lag) <= SAME_LAG)
        self._alike_ms = self._alike_ms + COMPARED_EACH * FRAME_MS if alike else 0
        if alike or not self._gain:
            self._lag = lag
        return self._alike_ms >= SURE_MS

    def _learn(self, gain: float, likeness: float) -> None:
        share = LEARNING if self._gain else 1.0
        self._gain += (gain - self._gain) * share
        self._usual += (likeness - self._usual) * share
        self._unlike_ms = 0

    def _doubt(self) -> None:
        self._alike_ms = 0
        self._passes_on_ms = PASSES_ON_MS
        self._unlike_ms += COMPARED_EACH * FRAME_MS
        if self._unlike_ms >= ROOM_HOLDS_MS:
            self._gain = 0.0
            self._unlike_ms = 0

    def _is_loud_enough(self) -> bool:
        """Whether the other has sounded for long enough to be followed, loudly enough to be heard over the room."""
        heard = self._other[-WINDOW:] * self._gain > 2 * self._noise()
        return int(np.count_nonzero(heard)) > WINDOW // 3

    def _expected(self) -> float:
        """Return how loud the echo in the newest frame may be, with the room's own noise."""
        end = _KEPT - max(0, self._lag) + 2
        recent = self._other[max(0, end - _FADING.size) : end]
        echo = self._gain * float((recent * _FADING[-recent.size :]).max())
        return MARGIN * echo + 2 * self._noise()

    def _noise(self) -> float:
        """Return how loud the microphone is in its quietest moments."""
        return float(np.partition(self._mic, _KEPT // 10)[_KEPT // 10])


_FADING = FADES ** np.maximum(0, np.arange(30 + 4)[::-1] - 4)
"""What is left of the loudness of the last steps; those around the lag are as loud as ever."""


def _loudness(frame: bytes) -> Loudness:
    samples = np.frombuffer(frame, "<i2").reshape(_STEPS, -1).astype(np.float32)
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", samples, samples) / samples.shape[1]) / FULL_SCALE, np.float64)


def _append(loudness: Loudness, newest: Loudness) -> None:
    loudness[:-_STEPS] = loudness[_STEPS:]
    loudness[-_STEPS:] = newest


def _correlation(mic: Loudness, others: Loudness) -> Loudness:
    """Return Pearson's correlation of `mic` with each row of `others`, 0 where one of them is even."""
    centred_mic = mic - mic.mean()
    centred = others - others.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred_mic @ centred_mic) * np.einsum("ij,ij->i", centred, centred))
    likeness: Loudness = np.divide(centred @ centred_mic, scale, out=np.zeros(len(others)), where=scale > 1e-12)
    return likeness
