"""The one way from a capturing thread into the program: it lets through only what is verified."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from sentra_tui.services.audio.live.snapshot import Snapshot

FRAME_BLOCKS = 2
RING_BLOCKS = 50
"""Half a second: what a stalled loop may miss before the oldest sound goes."""


class Gate:
    """Holds blocks of 10 ms between a capturing thread and the loop.

    It is open for one stream at a time, and only while the newest snapshot says that this stream is on the source
    that is wanted. The sound server's thread tells it first: what comes after that is dropped, and so is what waits.
    """

    def __init__(self, on_frame: Callable[[], None]) -> None:
        self._on_frame = on_frame
        self._lock = threading.Lock()
        self._blocks: deque[bytes] = deque(maxlen=RING_BLOCKS)
        self._snapshot: Snapshot | None = None
        self._open_for: tuple[str, int] | None = None
        self._held = False
        self.dropped_blocks = 0
        """Blocks lost because the loop did not come for them."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot."""
        return self._snapshot

    @property
    def is_open(self) -> bool:
        """Whether sound passes."""
        return self._open_for is not None

    def doubt(self) -> None:
        """Hold what comes until the next snapshot, from any thread."""
        with self._lock:
            self._held = True

    def judge(self, snapshot: Snapshot | None) -> None:
        """Take the newest snapshot, from any thread; shut where the stream is not on its source any more."""
        with self._lock:
            self._snapshot, self._held = snapshot, False
            if self._open_for is not None and not self._verified(*self._open_for):
                self._shut()
            complete = len(self._blocks) >= FRAME_BLOCKS
        if complete:
            self._on_frame()

    def open(self, token: str, source: int) -> None:
        """Let the blocks of a stream through, if the newest snapshot has it on `source`."""
        with self._lock:
            if self._verified(token, source):
                self._open_for = (token, source)
            else:
                self._shut()

    def shut(self) -> None:
        """Let nothing through, and forget what waits."""
        with self._lock:
            self._shut()

    def put(self, token: str, block: bytes) -> None:
        """Take a block of the stream `token`, from its thread."""
        with self._lock:
            if self._open_for is None or self._open_for[0] != token:
                return
            if len(self._blocks) == RING_BLOCKS:
                self.dropped_blocks += 1
            self._blocks.append(block)
            complete = len(self._blocks) >= FRAME_BLOCKS and not self._held
        if complete:
            self._on_frame()

    def take(self) -> bytes | None:
        """Return the oldest frame, None where there is no whole one."""
        with self._lock:
            if self._held or len(self._blocks) < FRAME_BLOCKS:
                return None
            return b"".join(self._blocks.popleft() for _ in range(FRAME_BLOCKS))

    def trim(self, frames: int) -> None:
        """Forget all but the newest frames: others were given in their place."""
        with self._lock:
            while len(self._blocks) > frames * FRAME_BLOCKS:
                self._blocks.popleft()

    def _verified(self, token: str, source: int) -> bool:
        stream = self._snapshot.stream(token) if self._snapshot is not None else None
        return stream is not None and stream.source == source

    def _shut(self) -> None:
        self._open_for = None
        self._blocks.clear()
