"""WebRTC's audio processing module, from the library `livekit`: echo cancelling, noise suppression, gain control.

https://docs.livekit.io/reference/python/livekit/rtc/apm.html
"""

from __future__ import annotations

from typing import Any

from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line

BLOCK_SAMPLES = SAMPLE_RATE_HZ // 100
BLOCK_BYTES = BLOCK_SAMPLES * SAMPLE_BYTES
"""10 ms, which is all that the module takes."""


class ProcessingModule:
    """One module with its state, for one microphone. Made off the loop: the library takes a while to load."""

    def __init__(self, *, noise_suppression: bool, high_pass: bool, gain_control: bool) -> None:
        """Raise SourceError where the library is missing or does not start."""
        try:
            from livekit import rtc
        except ImportError as error:
            raise SourceError(
                "Echo cannot be cancelled: livekit is not installed.",
                hint="Install the extra: pip install 'sentra-tui[echo]'.",
            ) from error
        try:
            self._module = rtc.AudioProcessingModule(
                echo_cancellation=True,
                noise_suppression=noise_suppression,
                high_pass_filter=high_pass,
                auto_gain_control=gain_control,
            )
        except (ImportError, OSError, RuntimeError) as error:
            cause = clean_line(str(error)).rstrip(".")
            raise SourceError(
                f"Echo cannot be cancelled: livekit does not start: {cause}.",
                hint="Install it again, or use headphones.",
            ) from error
        self._far, self._near = _Block(rtc), _Block(rtc)

    def hear(self, block: bytes) -> None:
        """Take 10 ms of what the loudspeaker plays; raises SourceError."""
        self._far.fill(block)
        try:
            self._module.process_reverse_stream(self._far.frame)
        except RuntimeError as error:
            raise _broken(error) from error

    def clean(self, block: bytes) -> bytes:
        """Return the microphone's next 10 ms without echo; raises SourceError."""
        self._near.fill(block)
        try:
            self._module.process_stream(self._near.frame)
        except RuntimeError as error:
            raise _broken(error) from error
        return bytes(self._near.samples)


class _Block:
    """The library's frame, filled again and again: it is changed in place."""

    def __init__(self, rtc: Any) -> None:
        self.frame = rtc.AudioFrame(bytearray(BLOCK_BYTES), SAMPLE_RATE_HZ, 1, BLOCK_SAMPLES)
        self.samples: memoryview = self.frame.data

    def fill(self, block: bytes) -> None:
        self.samples[:] = memoryview(block).cast("h")


def _broken(error: RuntimeError) -> SourceError:
    return SourceError(f"Echo cancelling failed: {clean_line(str(error)).rstrip('.')}.")
