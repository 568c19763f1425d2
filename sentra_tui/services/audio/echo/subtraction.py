"""Answers are taken out of a loopback by subtraction, which leaves the others whole.

A loopback hears what the sound server mixed: an answer as it was handed over, only later, louder or softer, perhaps
resampled. So a short filter makes what is heard out of what was played, and the rest is the others'. A canceller for
rooms does worse here: while both speak it cannot tell echo from voice, and takes some of both.

The delay is where the two sounds correlate most; the filter is the least squares fit of the last second or two.
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES, FULL_SCALE, SILENCE, ms_to_samples
from sentra_tui.services.audio.echo.audible import is_inaudible
from sentra_tui.services.audio.echo.erle import ErleMeter
from sentra_tui.services.audio.echo.processing import BLOCK_BYTES, BLOCK_SAMPLES

MEMORY = ms_to_samples(1000)
SEARCHED_FRAMES = 20
SEARCHED = SEARCHED_FRAMES * FRAME_SAMPLES
"""How much of the loopback is compared with what was played, to find its delay."""
TAPS = 48
EARLY_TAPS = 16
"""So many of the taps are before the delay that was found: resampling rings to both sides."""
LEARN_FRAMES = 5
SEARCH_FRAMES = 15
FORGETTING = 0.93
"""What a tenth of a second ago counts, of what counts now."""
WELL = 0.005
"""The energy that is left, of what is heard, where only an answer is heard; where more is, somebody else speaks, or
there is a better way.
"""
GUESS = 3e-4
"""How much the guess counts that nothing but the delay and the loudness changed, of what was heard: it decides for the
tones that were not there yet.
"""
AUDIBLE = SEARCHED * (FULL_SCALE * 10 ** (-50 / 20)) ** 2
"""The least energy in which a way is looked for: in pauses there are rounding errors only."""
FOUND, BETTER = 0.8, 0.5
"""A first way leaves so much of what is heard, a better one so much of what is left now; no accident does."""
REST_MS = 1000
HOLD_MS = 1000
"""How much sound of a loopback is held while an answer sounds in it that cannot be found yet."""

_SILENT_BLOCK = bytes(BLOCK_BYTES)

Samples: TypeAlias = NDArray[np.float32]


class AnswerSubtractor:
    """An EchoCanceller for a loopback. Frames pass as they are while no answer sounds."""

    def __init__(self) -> None:
        self._queue: deque[tuple[int, bytes]] = deque(maxlen=MEMORY // BLOCK_SAMPLES)
        self._queued_samples = 0
        self._played = np.zeros(MEMORY, np.float32)
        self._played_samples = 0
        """Where `_played` ends, in samples since the beginning; so for the loopback."""
        self._heard = np.zeros(MEMORY, np.float32)
        self._heard_samples = 0
        self._way: Way | None = None
        self._silent_ms = REST_MS
        self._unfound_ms = 0
        self._sounding_frames = 0
        """How often the loopback was not silent since the answer began; exact zeros are no answer on another way."""
        self._erle = ErleMeter()

    def hear(self, sound: bytes) -> None:
        """Take what the loudspeaker plays next: whole blocks of 10 ms. From any thread, one at a time."""
        for start in range(0, len(sound), BLOCK_BYTES):
            self._queued_samples += BLOCK_SAMPLES
            self._queue.append((self._queued_samples, sound[start : start + BLOCK_BYTES]))

    def clean(self, frame: bytes) -> bytes:
        """Return the loopback's next frame without answers, at once."""
        self._heard_samples += FRAME_SAMPLES
        played = self._take_played()
        audible = not all(map(is_inaudible, played))
        if not audible and self._silent_ms >= REST_MS:
            return frame
        if self._silent_ms >= REST_MS:
            self._sounding_frames = 0
        self._silent_ms = 0 if audible else self._silent_ms + FRAME_MS
        heard = np.frombuffer(frame, "<i2").astype(np.float32)
        _shift_in(self._heard, heard)
        if heard.any():
            self._sounding_frames += 1
            if self._sounding_frames % LEARN_FRAMES == 0:
                self._learn()
        cleaned = self._subtracted(frame, heard)
        self._erle.feed(played, frame, cleaned)
        return cleaned

    def erle_db(self) -> float | None:
        """Return how much was taken out lately, None where there was nothing to measure."""
        return self._erle.read()

    def reset(self) -> None:
        """Forget all sound; the way that it takes is kept."""
        self._take_played()
        self._played[:] = 0
        self._heard[:] = 0

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _take_played(self) -> list[bytes]:
        """Bring `_played` up to date; what was lost of it is silence."""
        blocks = []
        while self._queue:
            end, block = self._queue.popleft()
            lost = end - BLOCK_SAMPLES - self._played_samples
            blocks += [_SILENT_BLOCK] * (lost // BLOCK_SAMPLES) + [block]
            self._played_samples = end
        if blocks:
            _shift_in(self._played, np.frombuffer(b"".join(blocks), "<i2")[-MEMORY:])
        return blocks

    def _subtracted(self, frame: bytes, heard: Samples) -> bytes:
        if self._way is None:
            self._unfound_ms += FRAME_MS if heard.any() else 0
            return SILENCE if self._unfound_ms <= HOLD_MS else frame
        left = self._left(heard, self._way)
        cleaned: bytes = np.clip(np.rint(left), -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()
        return cleaned

    def _learn(self) -> None:
        if self._way is not None:
            self._fit(self._way, LEARN_FRAMES * FRAME_SAMPLES)
        if self._sounding_frames >= SEARCHED_FRAMES and (
            self._way is None or self._sounding_frames % SEARCH_FRAMES == 0
        ):
            self._search()

    def _search(self) -> None:
        """Find another way where the one that is known does not take out much, and that one takes out more."""
        heard = self._heard[-SEARCHED:]
        if min(_energy(heard), _energy(self._played[-SEARCHED:])) < AUDIBLE:
            return
        limit = FOUND * _energy(heard)
        if self._way is not None:
            left = _energy(self._left(heard, self._way))
            if left < WELL * _energy(heard):
                return
            limit = BETTER * left
        way = Way(self._most_likely_delay())
        self._fit(way, SEARCHED)
        if _energy(self._left(heard, way)) < limit:
            self._way = way

    def _fit(self, way: Way, length: int) -> None:
        source = self._source(length, way.delay)
        if source is not None:
            way.filter.learn(source, self._heard[-length:])

    def _left(self, heard: Samples, way: Way) -> Samples:
        """Return what is left of the newest sound when what was played is taken out, as it comes on this way."""
        source = self._source(len(heard), way.delay)
        return heard if source is None else heard - np.convolve(source, way.filter.taps, "valid")

    def _most_likely_delay(self) -> int:
        """Return how many samples later than played it is heard, less `EARLY_TAPS`; no less than is at hand."""
        heard, played = (np.diff(each, prepend=each[:1]) for each in (self._heard[-SEARCHED:], self._played))
        products = _correlation(played, heard)
        energies = np.concatenate([[0.0], np.cumsum(played.astype(np.float64) ** 2)])
        scale = np.sqrt(energies[SEARCHED:] - energies[:-SEARCHED]) + FULL_SCALE
        best = int((np.abs(products) / scale).argmax())
        ahead = self._played_samples - self._heard_samples
        return max(MEMORY - SEARCHED - best - EARLY_TAPS, 0) - ahead

    def _source(self, length: int, delay: int) -> Samples | None:
        """Return what was played that the last `length` samples were made of; None where it is not at hand."""
        end = MEMORY - (self._played_samples - self._heard_samples) - delay
        start = end - length - (TAPS - 1)
        return self._played[start:end] if start >= 0 and end <= MEMORY else None


class Way:
    """The way from the player to the loopback: a delay in samples, from both their beginnings, and a filter."""

    def __init__(self, delay: int) -> None:
        self.delay = delay
        self.filter = LeastSquares(TAPS, FORGETTING)


class LeastSquares:
    """The filter that makes one sound out of another best, what is longer ago counting less."""

    def __init__(self, taps: int, forgetting: float) -> None:
        self.taps = np.zeros(taps, np.float32)
        self._forgetting = forgetting
        self._own = np.zeros(taps)
        self._cross = np.zeros(taps)
        self._distances = np.abs(np.subtract.outer(np.arange(taps), np.arange(taps)))

    def learn(self, source: Samples, made: Samples) -> None:
        """Take a piece of what was `made`, and what it was made of, which begins earlier by the taps but one."""
        delayed = np.lib.stride_tricks.sliding_window_view(source, len(made))[::-1]
        self._own = self._forgetting * self._own + delayed @ delayed[0]
        self._cross = self._forgetting * self._cross + delayed @ made
        if self._own[0] >= 1:
            weight = self._own[0] * GUESS
            own = self._own[self._distances] + np.eye(len(self.taps)) * weight
            guess = np.zeros(len(self.taps))
            guess[EARLY_TAPS] = self._cross[EARLY_TAPS] / self._own[0]
            self.taps = np.linalg.solve(own, self._cross + weight * guess).astype(np.float32)


def _energy(sound: Samples) -> float:
    return float(sound @ sound)


def _shift_in(memory: Samples, new: NDArray[np.int16] | Samples) -> None:
    memory[: -len(new)] = memory[len(new) :]
    memory[-len(new) :] = new


def _correlation(long: Samples, short: Samples) -> NDArray[np.float64]:
    """Return the products of `short` with each piece of `long` that is as long."""
    size = 1 << (len(long) - 1).bit_length()
    spectrum = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    products: NDArray[np.float64] = np.fft.irfft(spectrum, size)[: len(long) - len(short) + 1]
    return products
