"""Whether what a device gives can be somebody's voice: digital silence, one value, clipping, too quiet.

Time is counted in frames, so the same sound always gives the same verdict.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Mapping

import numpy as np

from sentra_tui.domain.audio import FRAME_MS, FULL_SCALE, SILENCE, dbfs
from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.services.audio.signal_advice import advise

STEADY_MS = 500
"""Exact zeros, or one value, for so long: no microphone in a room gives that."""
STEADY_AFTER_SOUND_MS = 1_500
"""The same where there was sound before: the noise gate of some microphones gives zeros between words."""
NOTHING_PLAYS_MS = 10_000
"""A loudspeaker that plays nothing is no trouble; that it is that for so long is worth a word."""
MOVING_MS = 100
"""Sound for so long ends silence."""

LOOK_EACH = 5
"""Every fifth frame is looked at closely: what clips or is quiet does so for longer than 100 ms."""
_LOOK_MS = LOOK_EACH * FRAME_MS

FULL = FULL_SCALE - 8
"""A sample beyond this is at full scale: some converters stop a few steps short of it."""
CLIPPED_SAMPLES = 5
"""So many of them in a frame, and it is clipped: loud music touches full scale once in a while."""
CLIPPING_SHARE, CLIPPING_ENDS_SHARE = 0.2, 0.02
"""Of the frames of the last seconds; half a second of it begins the trouble, some five seconds without it end it."""
_MEMORY = _LOOK_MS / 2_000

QUIET_DBFS, QUIET_ENDS_DBFS = -45.0, -42.0
QUIET_MS = 10_000
QUIET_AFTER_SPEECH_MS = 60_000
"""Somebody who was heard well may be listening, and the quiet voice is another's."""
_FAINT_DBFS = -72.0
"""Below this is no speech, whatever it looks like: the last few steps of 16-bit sound."""
_SPEECH_OVER_FLOOR_DB = 10.0
_SPEECH_LOOKS = 15
"""So many looks of the last ten seconds well above the floor, and somebody speaks: 1.5 s."""


class SignalProbe:
    """Listens to what a device gives, and says what is wrong with it. Costs about 1 µs a frame."""

    def __init__(
        self, kind: DeviceKind, *, platform: str = sys.platform, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._kind = kind
        self._platform = platform
        self._environ = environ
        self._frames = 0
        self._steady = _Steady(kind)
        self._clipping = _Clipping()
        self._quiet = _Quiet()
        self._trouble = Trouble.NONE

    @property
    def trouble(self) -> Trouble:
        """What is wrong, by the frames so far."""
        return self._trouble

    @property
    def advice(self) -> str:
        """What the trouble means and what helps, one line; empty without trouble."""
        return advise(self._trouble, self._kind, self._platform, self._environ)

    def feed(self, frame: bytes) -> None:
        """Take the next 20 ms (s16le, 48 kHz mono), as the device gave them."""
        self._steady.feed(frame)
        if self._frames % LOOK_EACH == 0:
            self._look(frame)
        self._frames += 1
        self._trouble = self._judge()

    def _look(self, frame: bytes) -> None:
        samples = np.frombuffer(frame, "<i2")
        if not samples.size:
            return
        peak = max(int(samples.max()), -int(samples.min()))
        self._clipping.feed(int(np.count_nonzero(abs(samples.astype(np.int32)) >= FULL)) if peak >= FULL else 0)
        if self._kind is DeviceKind.INPUT:
            self._quiet.feed(dbfs(peak))

    def _judge(self) -> Trouble:
        if self._steady.zeros:
            denied = self._platform == "darwin" and self._kind is DeviceKind.INPUT and not self._steady.moved
            return Trouble.PERMISSION if denied else Trouble.SILENT
        if self._steady.flat:
            return Trouble.FLAT
        if self._clipping.on:
            return Trouble.CLIPPING
        return Trouble.QUIET if self._quiet.on else Trouble.NONE


class _Steady:
    """Exact zeros, or another value that never changes."""

    def __init__(self, kind: DeviceKind) -> None:
        self._is_input = kind is DeviceKind.INPUT
        self._steady_ms = 0
        self._moving_ms = 0
        self._value = b""
        self.moved = False
        """Whether there ever was sound."""
        self.zeros = False
        self.flat = False

    def feed(self, frame: bytes) -> None:
        value = frame[:2]
        if frame == SILENCE or (value == frame[2:4] and frame[2:] == frame[:-2]):
            self._stand(value)
        else:
            self._move()

    def _stand(self, value: bytes) -> None:
        self._steady_ms = self._steady_ms + FRAME_MS if value == self._value else FRAME_MS
        self._moving_ms = 0
        self._value = value
        is_zero = not any(value)
        if self._steady_ms >= self._patience_ms(is_zero):
            self.zeros, self.flat = is_zero, not is_zero

    def _move(self) -> None:
        self._moving_ms += FRAME_MS
        if self._moving_ms >= MOVING_MS:
            self.moved = True
            self.zeros = self.flat = False
            self._steady_ms = 0

    def _patience_ms(self, is_zero: bool) -> int:
        if is_zero and not self._is_input:
            return NOTHING_PLAYS_MS
        return STEADY_AFTER_SOUND_MS if self.moved else STEADY_MS


class _Clipping:
    """Samples at full scale, over the last seconds."""

    def __init__(self) -> None:
        self._share = 0.0
        self.on = False

    def feed(self, full_samples: int) -> None:
        clipped = full_samples >= CLIPPED_SAMPLES
        self._share += (clipped - self._share) * _MEMORY
        self.on = self._share >= (CLIPPING_ENDS_SHARE if self.on else CLIPPING_SHARE)


class _Quiet:
    """Somebody speaks, and never loudly enough."""

    def __init__(self) -> None:
        self._peaks: deque[float] = deque(maxlen=QUIET_MS // _LOOK_MS)
        self._quiet_ms = 0
        self._heard_well = False
        self.on = False

    def feed(self, peak_dbfs: float) -> None:
        self._peaks.append(peak_dbfs)
        if peak_dbfs >= (QUIET_ENDS_DBFS if self.on else QUIET_DBFS):
            self._quiet_ms = 0
            self._heard_well = True
            self.on = False
            return
        self._quiet_ms += _LOOK_MS
        if not self.on and self._quiet_ms >= (QUIET_AFTER_SPEECH_MS if self._heard_well else QUIET_MS):
            # Looked at once a second: sorting the peaks is the dearest thing here.
            self.on = self._quiet_ms % 1000 == 0 and self._speaks()

    def _speaks(self) -> bool:
        floor_dbfs = sorted(self._peaks)[len(self._peaks) // 5]
        least_dbfs = max(_FAINT_DBFS, floor_dbfs + _SPEECH_OVER_FLOOR_DB)
        return sum(peak >= least_dbfs for peak in self._peaks) >= _SPEECH_LOOKS
