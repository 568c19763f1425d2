"""What the loudspeaker plays, in step with the microphone.

The canceller counts: a block of the one for each block of the other keeps their distance in time what it is, and each
step in that costs a second of echo. Blocks come when they like, from another thread. One that is missing is silence,
and it is dropped when it comes after all; where that happens again and again, the others wait longer instead.
"""

from __future__ import annotations

from collections import deque

from sentra_tui.services.audio.echo.processing import BLOCK_BYTES

MAX_AHEAD_BLOCKS = 20
"""200 ms: what the loudspeaker may tell ahead in one go; beyond that the oldest goes."""
RESERVE_BLOCKS = 2
"""What waits at the beginning, so that a block that is a little late is not missing."""
GROWTH_BLOCKS = 2
"""How often a block that is missing makes it one more."""
SPARE_BLOCKS = 3
"""How much more may wait for long: the echo must not come before the sound that it is of."""
WATCHED_BLOCKS = 200
"""2 s: what waits for longer is too much."""
SETTLING_BLOCKS, SETTLING_WATCHED_BLOCKS = 200, 30
"""In the first 2 s that is seen to sooner: hardly anything sounds yet."""
ACCIDENTS = 3
"""So often within that time blocks may be late; more is how they come."""

SILENT_BLOCK = bytes(BLOCK_BYTES)


class Reference:
    """A queue of blocks of 10 ms. `hear` may be called from any thread, the rest belongs to one."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque(maxlen=MAX_AHEAD_BLOCKS)
        self._begin()

    def _begin(self) -> None:
        self._fresh = True
        self._grown = 0
        self._late_times = 0
        self._since_late = 0
        self._missing = 0
        self._least_waiting = MAX_AHEAD_BLOCKS
        self._watched = 0
        self._taken = 0

    def __len__(self) -> int:
        return len(self._blocks)

    def hear(self, sound: bytes) -> None:
        """Take whole blocks."""
        for start in range(0, len(sound), BLOCK_BYTES):
            self._blocks.append(sound[start : start + BLOCK_BYTES])

    def take(self) -> bytes:
        """Return what belongs to the microphone's next block."""
        if self._fresh:
            if len(self._blocks) <= RESERVE_BLOCKS:
                return SILENT_BLOCK
            self._fresh = False
            self._drop(RESERVE_BLOCKS + 1)
        if self._missing and self._blocks:
            late = min(self._missing, len(self._blocks))
            self._missing -= late
            self._drop(len(self._blocks) - late)
            self._late_times = self._late_times + 1 if self._since_late < WATCHED_BLOCKS else 1
            self._since_late = 0
        self._watch()
        return self._blocks.popleft() if self._blocks else self._miss()

    def clear(self) -> None:
        """Forget what waits, and begin again."""
        self._blocks.clear()
        self._begin()

    def _miss(self) -> bytes:
        if not self._missing and self._grown < GROWTH_BLOCKS:
            self._grown += 1
        elif self._late_times < ACCIDENTS or self._since_late >= WATCHED_BLOCKS:
            self._missing += 1
        if self._missing > MAX_AHEAD_BLOCKS:
            self._begin()
        return SILENT_BLOCK

    def _watch(self) -> None:
        self._least_waiting = min(self._least_waiting, len(self._blocks))
        self._watched += 1
        self._since_late += 1
        self._taken += 1
        if self._watched >= (WATCHED_BLOCKS if self._taken > SETTLING_BLOCKS else SETTLING_WATCHED_BLOCKS):
            if self._least_waiting > RESERVE_BLOCKS + SPARE_BLOCKS:
                self._drop(len(self._blocks) - self._least_waiting + RESERVE_BLOCKS)
            self._least_waiting, self._watched = MAX_AHEAD_BLOCKS, 0

    def _drop(self, kept: int) -> None:
        while len(self._blocks) > kept:
            self._blocks.popleft()
