"""What the loudspeaker plays, in step with the microphone.

The canceller counts: a block of the one for each block of the other keeps their distance in time what it is. Blocks
come when they like, from another thread; one that is missing is silence, and the others wait that much longer from
then on, which is what they need. Where they wait for longer than that, the oldest go.
"""

from __future__ import annotations

from collections import deque

from sentra_tui.services.audio.echo.processing import BLOCK_BYTES

MAX_AHEAD_BLOCKS = 20
"""200 ms: what the loudspeaker may tell ahead in one go; beyond that the oldest goes."""
MAX_WAITING_BLOCKS = 2
"""What may always wait, as a reserve: the echo must not come before the sound that it is of."""
WATCHED_BLOCKS = 20

SILENT_BLOCK = bytes(BLOCK_BYTES)


class Reference:
    """A queue of blocks of 10 ms. `hear` may be called from any thread, the rest belongs to one."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque(maxlen=MAX_AHEAD_BLOCKS)
        self._fresh = True
        self._least_waiting = MAX_AHEAD_BLOCKS
        self._watched = 0

    def __len__(self) -> int:
        return len(self._blocks)

    def hear(self, sound: bytes) -> None:
        """Take whole blocks."""
        for start in range(0, len(sound), BLOCK_BYTES):
            self._blocks.append(sound[start : start + BLOCK_BYTES])

    def take(self) -> bytes:
        """Return what belongs to the microphone's next block."""
        if self._fresh and self._blocks:
            self._fresh = False
            self._drop(MAX_WAITING_BLOCKS)
        block = self._blocks.popleft() if self._blocks else SILENT_BLOCK
        self._least_waiting = min(self._least_waiting, len(self._blocks))
        self._watched += 1
        if self._watched == WATCHED_BLOCKS:
            if self._least_waiting > MAX_WAITING_BLOCKS:
                self._drop(len(self._blocks) - self._least_waiting + 1)
            self._least_waiting, self._watched = MAX_AHEAD_BLOCKS, 0
        return block

    def clear(self) -> None:
        """Forget what waits."""
        self._blocks.clear()
        self._fresh = True

    def _drop(self, kept: int) -> None:
        while len(self._blocks) > kept:
            self._blocks.popleft()
