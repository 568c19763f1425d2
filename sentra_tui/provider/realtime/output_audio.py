"""The output audio buffer: spoken answers, sent in real time, and the events that say when they are heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.provider.realtime.conversation import Emit


class OutputAudio:
    """Queues the frames of one answer after the other; `tick` sends one each 20 ms."""

    def __init__(self, emit: Emit, send: Callable[[bytes], None]) -> None:
        self._emit = emit
        self._send = send
        self._frames: deque[tuple[str, str, bytes]] = deque()
        self._unfinished: set[str] = set()
        self._playing: tuple[str, str] | None = None
        self._played_ms = 0
        self.sounded = False
        """Whether there was any sound yet."""

    @property
    def item_id(self) -> str:
        """The item being heard, empty while there is none."""
        return self._playing[1] if self._playing else ""

    def play(self, response_id: str, item_id: str, frames: Sequence[bytes]) -> None:
        """Queue frames of 1,920 bytes."""
        self.sounded = True
        self._unfinished.add(response_id)
        self._frames.extend((response_id, item_id, frame) for frame in frames)

    def finish(self, response_id: str) -> None:
        """Say that a response has no more sound."""
        self._unfinished.discard(response_id)

    def tick(self) -> None:
        """Send what is due."""
        if not self._frames:
            if self._playing and self._playing[0] not in self._unfinished:
                self._end("output_audio_buffer.stopped")
            return
        response_id, item_id, frame = self._frames[0]
        if self._playing and self._playing[0] != response_id:
            self._end("output_audio_buffer.stopped")
        if not self._playing:
            self._playing = (response_id, item_id)
            self._played_ms = 0
            self._emit("output_audio_buffer.started", response_id=response_id)
        self._frames.popleft()
        self._played_ms += FRAME_MS
        self._send(frame)

    def clear(self) -> int | None:
        """Forget all that is queued; return how much of the answer was heard, None when nothing was being said."""
        self._frames.clear()
        self._unfinished.clear()
        if self._playing is None:
            return None
        self._end("output_audio_buffer.cleared")
        return self._played_ms

    def _end(self, event: str) -> None:
        assert self._playing is not None
        self._emit(event, response_id=self._playing[0])
        self._playing = None
