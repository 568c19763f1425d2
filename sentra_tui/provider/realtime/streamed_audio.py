"""Spoken answers in messages: whole pieces at once, for a client that plays them at its own pace."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.realtime.conversation import Emit

PIECE_MS = 1000
"""The longest piece of sound in one message."""


class StreamedAudio:
    """Sends sound as soon as it is there; `rate_hz` tells the rate that the session wants it in."""

    def __init__(self, emit: Emit, rate_hz: Callable[[], int]) -> None:
        self._emit = emit
        self._rate_hz = rate_hz
        self.sounded = False
        """Whether there was any sound yet."""

    @property
    def item_id(self) -> str:
        """No item: what is being heard only the client knows."""
        return ""

    def play(self, response_id: str, item_id: str, frames: Sequence[bytes]) -> None:
        """Send frames of 1,920 bytes."""
        self.sounded = True
        rate_hz = self._rate_hz()
        resampler = Resampler(SAMPLE_RATE_HZ, rate_hz)
        sound = resampler.feed(b"".join(frames)) + resampler.flush()
        piece = rate_hz * PIECE_MS // 1000 * SAMPLE_BYTES
        for start in range(0, len(sound), piece):
            self._emit(
                "response.output_audio.delta",
                response_id=response_id,
                item_id=item_id,
                output_index=0,
                content_index=0,
                delta=base64.b64encode(sound[start : start + piece]).decode(),
            )

    def finish(self, _response_id: str) -> None:
        """Nothing is kept back that would have to be sent."""

    def tick(self) -> None:
        """Nothing is due: all was sent when it was there."""

    def clear(self) -> None:
        """Nothing can be taken back: it is for the client to stop playing."""
