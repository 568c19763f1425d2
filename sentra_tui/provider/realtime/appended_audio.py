"""Sound that the client appends in messages: any length, any rate, faster or slower than it was spoken."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from sentra_tui.media.resample import Resampler


class AppendedAudio:
    """Cuts what is appended into frames for `hear`: 20 ms of 48 kHz, mono s16le."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._rate_hz = SAMPLE_RATE_HZ
        self._resampler = Resampler(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ)
        self._rest = b""

    def append(self, pcm: bytes, rate_hz: int) -> None:
        """Take sound, mono s16le."""
        if rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            self._resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)
        sound = self._rest + self._resampler.feed(pcm)
        whole = len(sound) // FRAME_BYTES * FRAME_BYTES
        for start in range(0, whole, FRAME_BYTES):
            self._hear(sound[start : start + FRAME_BYTES])
        self._rest = sound[whole:]

    def complete(self) -> None:
        """Have the last, incomplete frame heard too."""
        if self._rest:
            self._hear(self._rest.ljust(FRAME_BYTES, b"\0"))
            self._rest = b""

    def clear(self) -> None:
        """Forget the last, incomplete frame."""
        self._rest = b""
