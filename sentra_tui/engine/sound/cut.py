"""The rest of an answer that was cut short.

A media track does not say which answer its sound belongs to. After the server was told to stop, its sound goes on for
a round trip, and may be in the middle of a word: forgetting what was received is not enough. So everything is
swallowed until that sound is known to be over. One of two things says so, whichever comes first:

- The next answer begins. Its first event (`output_audio_buffer.started`, or its first words) left the server after the
  old sound did, so nothing of the new answer is lost. It is what ends the cut when a question follows at once.
- Nothing, or only silence, has come for 300 ms: as long as round trips are, and longer than the pauses inside a phrase.
  It ends the cut in time where the event is late, because the channel that carries it waits for a lost packet.

There is no limit in time beside these: a server that does not stop must not be heard again while it goes on talking.
"""

from __future__ import annotations

from sentra_tui.domain.audio import FRAME_MS

PAUSE_MS = 300
"""How long the sound must have ceased."""
QUIET_AMPLITUDE = 400
"""A frame whose peak is below this is silence: -38 dBFS."""


class Cut:
    """Says what of a call's sound is not to be heard. It has no clock: a frame, or the lack of one, is 20 ms."""

    def __init__(self) -> None:
        self.under_way = False
        self._quiet_ms = 0

    def begin(self) -> None:
        """Take it that what comes now belongs to the answer that was cut short."""
        self.under_way = True
        self._quiet_ms = 0

    def end(self) -> None:
        """Take it that what comes now is to be heard."""
        self.under_way = False

    def swallows(self, frame: bytes | None) -> bool:
        """Take the next frame, None where none came; return whether it belongs to what was cut."""
        if not self.under_way:
            return False
        self._quiet_ms = self._quiet_ms + FRAME_MS if frame is None or _is_quiet(frame) else 0
        self.under_way = self._quiet_ms < PAUSE_MS
        return True


def _is_quiet(frame: bytes) -> bool:
    samples = memoryview(frame).cast("h")
    return max(samples) < QUIET_AMPLITUDE and min(samples) > -QUIET_AMPLITUDE
