"""Where each captured frame stands on the engine's clock, and each frame that a session got."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.protocol.server_events import (
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    ServerEvent,
)
from sentra_tui.protocol.session_config import VAD_PREFIX_MS

LINES_KEPT = 100
"""So many of a session's lines may still be asked for."""
STALL_MS = 200
"""A source that is so late has stalled: what comes next was not said right after what came before."""


class CaptureClock:
    """Gives frames their positions: multiples of 20 ms that only grow, in step with the engine's clock."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._end_ms = 0

    @property
    def next_ms(self) -> int:
        """The position of the next frame, if it came now."""
        now_ms = self._now_ms()
        return now_ms - now_ms % FRAME_MS if now_ms - self._end_ms > STALL_MS else self._end_ms

    def take(self) -> int:
        """Return the position of the frame that came."""
        start_ms = self.next_ms
        self._end_ms = start_ms + FRAME_MS
        return start_ms

    def skip(self, until_ms: int) -> None:
        """Give no position before this one."""
        self._end_ms = max(self._end_ms, until_ms)


class SentSound:
    """Where the sound of one session was captured: its server counts the frames that it got, from 0.

    Some count from before: from when they answered the dial, which with packets lost may be seconds. A moment that they
    tell of and that we have not sent yet shows by how much.
    """

    def __init__(self, number: int, began_ms: int) -> None:
        self.number = number
        """The session's, which is when it began on the engine's clock."""
        self._count = 0
        self._end_ms = began_ms
        self._indices = [0]
        self._positions = [began_ms]
        self._lead_ms = 0
        self._starts_ms: dict[str, int] = {}
        self._ends_ms: dict[str, int] = {}

    def sent(self, start_ms: int) -> None:
        """The next frame that it got was this one."""
        if start_ms != self._end_ms:
            if self._count == 0:
                self._positions[0] = start_ms
            else:
                self._indices.append(self._count)
                self._positions.append(start_ms)
        self._count += 1
        self._end_ms = start_ms + FRAME_MS

    def told(self, event: ServerEvent) -> list[str]:
        """Take where, in milliseconds of its own clock, the server heard speech begin or end.

        Returns which lines turn out to be elsewhere: what comes late tells little of the server's clock.
        """
        lead_ms = self._lead_ms
        if isinstance(event, InputAudioBufferSpeechStarted) and event.audio_start_ms is not None:
            self._starts_ms[event.item_id] = self._heard(event.audio_start_ms, VAD_PREFIX_MS)
        elif isinstance(event, InputAudioBufferSpeechStopped) and event.audio_end_ms is not None:
            self._ends_ms[event.item_id] = self._heard(event.audio_end_ms)
        return [*self._ends_ms] if self._lead_ms > lead_ms else []

    def _heard(self, sound_ms: float, more_ms: int = 0) -> int:
        for told in (self._starts_ms, self._ends_ms):
            for item_id in [*told][:-LINES_KEPT]:
                del told[item_id]
        self._lead_ms = max(self._lead_ms, int(sound_ms) + more_ms - self._count * FRAME_MS)
        return int(sound_ms)

    def start_of(self, item_id: str, line_ms: int) -> int:
        """Return where the sound of this line begins; `line_ms` is when on the engine's clock."""
        return self._position_in(self._starts_ms, item_id, line_ms)

    def end_of(self, item_id: str, line_ms: int) -> int:
        """Return where it ends."""
        return self._position_in(self._ends_ms, item_id, line_ms)

    def _position_in(self, told_ms: dict[str, int], item_id: str, line_ms: int) -> int:
        sound_ms = told_ms.get(item_id)
        return self.position_of(line_ms) if sound_ms is None else self._position_of_sound(sound_ms - self._lead_ms)

    def position_of_frame(self, index: int) -> int:
        """Return where this frame was captured."""
        at = bisect_right(self._indices, index) - 1
        return self._positions[at] + (index - self._indices[at]) * FRAME_MS

    def position_of(self, line_ms: int) -> int:
        """Return where that was captured which lines of the session place at this moment of the engine's clock."""
        return self._position_of_sound(line_ms - self.number)

    def _position_of_sound(self, sound_ms: int) -> int:
        sound_ms = max(0, sound_ms)
        index = min(sound_ms // FRAME_MS, self._count)
        return min(self.position_of_frame(index) + (sound_ms - index * FRAME_MS), self._end_ms)
