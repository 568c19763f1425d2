"""The echo canceller: WebRTC's, which finds the delay between loudspeaker and microphone by itself.

What it cannot do is cancel an echo that comes before the sound it is of. So the loudspeaker's sound is taken where it
is handed to the device; where it can only be captured, which takes its time, the microphone is delayed as well.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS
from sentra_tui.services.audio.echo.audible import is_inaudible
from sentra_tui.services.audio.echo.erle import ErleMeter
from sentra_tui.services.audio.echo.processing import BLOCK_BYTES, ProcessingModule
from sentra_tui.services.audio.echo.reference import SILENT_BLOCK, Reference

REST_MS = 1000
"""How long after the loudspeaker's last sound a canceller that may rest does."""
FLUSH_BLOCKS = 4
"""40 ms: more than the module holds of the sound that went in."""

_FADE_IN = np.linspace(0.0, 1.0, FRAME_BYTES // 2, dtype=np.float32)


class LiveKitEchoCanceller:
    """An EchoCanceller for one microphone, or for a loopback in which answers are heard. `load` makes it."""

    def __init__(self, module: ProcessingModule, *, delay_ms: int = 0, may_rest: bool = False) -> None:
        self._module = module
        self._delay_blocks = delay_ms * 2 // FRAME_MS
        self._played = Reference()
        self._waiting: deque[bytes] = deque()
        self._may_rest = may_rest
        self._resting = may_rest
        self._silent_ms = 0
        self._erle = ErleMeter()
        self._closed = False
        self.reset()

    @classmethod
    async def load(
        cls,
        *,
        noise_suppression: bool = True,
        high_pass: bool = True,
        gain_control: bool = False,
        delay_ms: int = 0,
        may_rest: bool = False,
    ) -> LiveKitEchoCanceller:
        """Load the library off the loop; raises SourceError where it is missing or does not start.

        `delay_ms`, in steps of 10, is how much the microphone is delayed so that the loudspeaker's sound is known
        before its echo is heard. With `may_rest`, frames pass as they are while the loudspeaker is silent.
        """

        def make() -> LiveKitEchoCanceller:
            module = ProcessingModule(
                noise_suppression=noise_suppression, high_pass=high_pass, gain_control=gain_control
            )
            return cls(module, delay_ms=delay_ms, may_rest=may_rest)

        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="echo")
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, make)
        finally:
            thread.shutdown(wait=False)

    def hear(self, sound: bytes) -> None:
        """Take what a loudspeaker plays next: whole blocks of 10 ms. From any thread."""
        if self._resting and is_inaudible(sound):
            return
        self._played.hear(sound)

    def clean(self, frame: bytes) -> bytes:
        """Return the microphone's next frame without echo, about 10 ms late; raises SourceError."""
        if self._closed or (self._resting and not self._played):
            return frame
        woken = self._resting
        if woken:
            self._flush()
            self._resting, self._silent_ms = False, 0
        heard, cleaned = self._delayed(frame), b""
        played: list[bytes] = []
        for start in range(0, FRAME_BYTES, BLOCK_BYTES):
            played.append(self._played.take())
            self._module.hear(played[-1])
            cleaned += self._module.clean(heard[start : start + BLOCK_BYTES])
        self._erle.feed(played, heard, cleaned)
        if woken:
            return _faded(frame, cleaned)
        return self._rested(frame, cleaned, played)

    def erle_db(self) -> float | None:
        """Return how much echo was taken out lately, None where there was none to measure for three seconds."""
        return self._erle.read()

    def reset(self) -> None:
        """Forget all sound that is held, and nothing of what is known of the room."""
        self._played.clear()
        self._flush()

    def _flush(self) -> None:
        """Have only silence in the microphone's delay and in the module."""
        self._waiting = deque([SILENT_BLOCK] * self._delay_blocks)
        for _ in range(FLUSH_BLOCKS):
            self._module.hear(SILENT_BLOCK)
            self._module.clean(SILENT_BLOCK)

    def close(self) -> None:
        """Do nothing from now on."""
        self._closed = True
        self._played.clear()
        self._waiting.clear()

    def _delayed(self, frame: bytes) -> bytes:
        if not self._delay_blocks:
            return frame
        self._waiting += (frame[:BLOCK_BYTES], frame[BLOCK_BYTES:])
        return self._waiting.popleft() + self._waiting.popleft()

    def _rested(self, frame: bytes, cleaned: bytes, played: list[bytes]) -> bytes:
        """Return what was cleaned, and rest where the loudspeaker has been silent long enough."""
        if not self._may_rest:
            return cleaned
        self._silent_ms = 0 if not all(map(is_inaudible, played)) else self._silent_ms + FRAME_MS
        if self._silent_ms < REST_MS:
            return cleaned
        self._resting = True
        self._played.clear()
        return _faded(cleaned, frame)


def _faded(before: bytes, after: bytes) -> bytes:
    """Return one frame that begins as the one and ends as the other."""
    old, new = (np.frombuffer(each, "<i2").astype(np.float32) for each in (before, after))
    mixed: bytes = np.rint(old + (new - old) * _FADE_IN).astype("<i2").tobytes()
    return mixed
