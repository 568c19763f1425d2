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
RESERVE_BLOCKS = 2
"""What waits at the beginning, so that a block that is a little late is not missing."""
MAX_WAITING_BLOCKS = 4
"""What may always wait: the echo must not come before the sound that it is of."""
SETTLING_BLOCKS = 100
"""At the beginning, for a second, what waits for long goes after 200 ms; later after 2 s, as each step costs the
canceller a moment to find the echo again.
"""
WATCHED_BLOCKS = 200

SILENT_BLOCK = bytes(BLOCK_BYTES)


class Reference:
    """A queue of blocks of 10 ms. `hear` may be called from any thread, the rest belongs to one."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque(maxlen=MAX_AHEAD_BLOCKS)
        self._fresh = True
        self._settling_blocks = SETTLING_BLOCKS
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
        if self._fresh:
            if len(self._blocks) <= RESERVE_BLOCKS:
                return SILENT_BLOCK
            self._fresh = False
            self._drop(RESERVE_BLOCKS + 1)
        block = self._blocks.popleft() if self._blocks else SILENT_BLOCK
        self._watch()
        return block

    def _watch(self) -> None:
        self._least_waiting = min(self._least_waiting, len(self._blocks))
        self._watched += 1
        settling = self._settling_blocks > 0
        self._settling_blocks = max(0, self._settling_blocks - 1)
        if self._watched < (SETTLING_BLOCKS // 5 if settling else WATCHED_BLOCKS):
            return
        if self._least_waiting > (RESERVE_BLOCKS if settling else MAX_WAITING_BLOCKS):
            self._drop(len(self._blocks) - self._least_waiting + RESERVE_BLOCKS)
        self._least_waiting, self._watched = MAX_AHEAD_BLOCKS, 0

    def clear(self) -> None:
        """Forget what waits."""
        self._blocks.clear()
        self._fresh = True
        self._settling_blocks = SETTLING_BLOCKS

    def _drop(self, kept: int) -> None:
        while len(self._blocks) > kept:
            self._blocks.popleft()
