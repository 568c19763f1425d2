"""What waits to be played, and what became of it."""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice

import numpy as np

from sentra_tui.domain.audio import FRAME_BYTES, FULL_SCALE, SAMPLE_BYTES, SAMPLE_RATE_HZ, ms_to_samples, samples_to_ms
from sentra_tui.domain.sound import SIGNAL_DBFS
from sentra_tui.services.audio.devices import BLOCK_SAMPLES
from sentra_tui.services.audio.output.gain import Gain

BLOCK_BYTES = BLOCK_SAMPLES * SAMPLE_BYTES
PREBUFFER_BLOCKS = 2
"""The 20 ms for which the first sound waits, so that a frame that comes a little late is not heard.

It does not wait once there is as much as comes in that time, and a frame: sound that comes at once begins at once.
"""
FRAME_BLOCKS = FRAME_BYTES // BLOCK_BYTES
MAX_PREBUFFER_BLOCKS = 6
LATE_BLOCKS = 10
"""Sound that goes on so soon after it ran out came late: from then on sound waits a block longer."""
RING_BYTES = 15 * FRAME_BYTES
"""The most that waits: a sound card slower than the sender would otherwise fall ever further behind."""
RESUMED_BYTES = 3 * FRAME_BYTES
"""What is kept of the sound that came while there was no loudspeaker."""
MAX_LATENCY_BLOCKS = 200
"""The largest delay of a device that is taken into account: 2 s, which no loudspeaker has that one talks over."""
FADE_BYTES = ms_to_samples(5) * SAMPLE_BYTES
AUDIBLE = FULL_SCALE * 10 ** (SIGNAL_DBFS / 20)


class Ring:
    """Takes frames in the loop's thread and gives blocks of 10 ms in the player's."""

    def __init__(self) -> None:
        self.dropped_bytes = 0
        """Sound lost because it came faster than it was played."""
        self.underruns = 0
        """How often sound ran out and went on at once."""
        self._waiting = bytearray()
        self._gain = Gain()
        self._sounding = False
        self._waited_blocks = 0
        self._silent_blocks = LATE_BLOCKS
        self._prebuffer_blocks = PREBUFFER_BLOCKS
        self._taken_bytes = 0
        self._sound_of_blocks: deque[int] = deque(maxlen=MAX_LATENCY_BLOCKS)
        """How many bytes of sound there were in each of the last blocks, the newest first."""
        self._audible_blocks: deque[bool] = deque(maxlen=MAX_LATENCY_BLOCKS)
        """Which of the same blocks can be heard."""
        self._lock = threading.Lock()

    def write(self, frame: bytes) -> None:
        """Queue one frame; the oldest sound goes when too much waits."""
        with self._lock:
            self._waiting += frame
            excess = len(self._waiting) - RING_BYTES
            if excess > 0:
                self.dropped_bytes += excess
                del self._waiting[:excess]

    def flush(self) -> None:
        """Forget what is queued: what sounds fades out within 5 ms, then there is silence."""
        with self._lock:
            tail = self._waiting[:FADE_BYTES] if self._sounding else b""
            samples = np.frombuffer(bytes(tail), "<i2")
            faded = samples * np.linspace(1.0, 0.0, samples.size)
            self._waiting = bytearray(faded.astype("<i2").tobytes())

    def resume(self) -> None:
        """Begin again on another loudspeaker: what the last one held is lost, and of what waits the newest is kept."""
        with self._lock:
            excess = max(0, len(self._waiting) - RESUMED_BYTES)
            self.dropped_bytes += excess
            del self._waiting[:excess]
            self._sounding, self._waited_blocks = False, 0
            self._silent_blocks = LATE_BLOCKS

    def set_gain(self, gain: float) -> None:
        """Play what was not taken yet at this share of its amplitude."""
        with self._lock:
            self._gain.set(gain)

    def take(self) -> bytes:
        """Return the next block, silence where there is no sound; called by the player as it needs one."""
        with self._lock:
            if not self._sounding:
                self._wait()
            sound = bytes(self._waiting[:BLOCK_BYTES]) if self._sounding else b""
            del self._waiting[: len(sound)]
            if self._sounding and len(sound) < BLOCK_BYTES:
                self._sounding, self._waited_blocks, self._silent_blocks = False, 0, 0
            if sound:
                block = self._gain.scaled(sound.ljust(BLOCK_BYTES, b"\0"))
            else:
                self._gain.settle()
                block = bytes(BLOCK_BYTES)
            self._taken_bytes += len(sound)
            self._sound_of_blocks.appendleft(len(sound))
            self._audible_blocks.appendleft(bool(sound) and _is_audible(block))
        return block

    def heard_ms(self, latency_s: float) -> int:
        """Return how much sound was heard, to a block: what was taken, less what is not played yet.

        The latency is that of a block's beginning, and the newest block is half over on average: hence the half.
        """
        waiting_blocks = round(_blocks(latency_s) + 0.5)
        with self._lock:
            heard_bytes = self._taken_bytes - sum(islice(self._sound_of_blocks, waiting_blocks))
        return samples_to_ms(heard_bytes // SAMPLE_BYTES)

    def sounding(self, latency_s: float) -> bool:
        """Return whether there is audible sound that waits or is not over yet: zeros and hiss are not."""
        held_blocks = round(_blocks(latency_s) + 1.5)
        with self._lock:
            return any(islice(self._audible_blocks, held_blocks)) or _is_audible(bytes(self._waiting))

    def _wait(self) -> None:
        """Begin to sound when there is enough of it, or the first of it has waited long enough."""
        self._silent_blocks += 1
        self._waited_blocks = self._waited_blocks + 1 if self._waiting else 0
        if self._waited_blocks == 1 and self._silent_blocks <= LATE_BLOCKS:
            self.underruns += 1
            self._prebuffer_blocks = min(self._prebuffer_blocks + 1, MAX_PREBUFFER_BLOCKS)
        enough_blocks = self._prebuffer_blocks + FRAME_BLOCKS
        self._sounding = (
            len(self._waiting) >= enough_blocks * BLOCK_BYTES or self._waited_blocks > self._prebuffer_blocks
        )


def _blocks(latency_s: float) -> float:
    return latency_s * SAMPLE_RATE_HZ / BLOCK_SAMPLES


def _is_audible(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, "<i2")
    return bool(samples.size) and (int(samples.max()) > AUDIBLE or int(samples.min()) < -AUDIBLE)
