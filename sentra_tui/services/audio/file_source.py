"""A recording as a source of sound."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from sentra_tui.media.resample import Resampler
from sentra_tui.services.audio.pace import Pace
from sentra_tui.services.audio.wav import read_wav

PIECE_MS = 100


class WavSource:
    """An AudioSource that plays a WAV file, or one in memory, in real time, once or in a loop.

    Raises SourceError when it cannot be used. The label is the file's name, if no other is given.

    It reads and resamples 100 ms at a time: a quarter of the cost of single frames, and done in well under a
    millisecond, so that it never holds up the loop.
    A stall is caught up by at most `pace.MAX_BEHIND_S`; sound is never skipped.
    """

    def __init__(self, wav: bytes | Path, *, label: str = "", loop: bool = False, pace: Pace | None = None) -> None:
        self._recording = read_wav(wav, label)
        self.label = self._recording.name
        self._loop = loop
        self._pace = pace or Pace()
        self._closed = False

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a frame each 20 ms; the last one is filled up with silence."""
        for frame in self._frames():
            await self._pace.beat()
            if self._closed:
                return
            yield frame

    async def close(self) -> None:
        """End `frames` and close the file."""
        self._closed = True
        self._recording.close()

    def _frames(self) -> Iterator[bytes]:
        yield from self._round()
        while self._loop:
            yield from self._round()

    def _round(self) -> Iterator[bytes]:
        """Yield the whole recording in frames, at least one."""
        pcm = bytearray()
        for piece in self._resampled():
            pcm += piece
            while len(pcm) > FRAME_BYTES:
                yield bytes(pcm[:FRAME_BYTES])
                del pcm[:FRAME_BYTES]
        yield bytes(pcm.ljust(FRAME_BYTES, b"\0"))

    def _resampled(self) -> Iterator[bytes]:
        rate_hz = self._recording.sample_rate_hz
        resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)
        step = max(1, rate_hz * PIECE_MS // 1000)
        position = 0
        while position < self._recording.frames and not self._closed:
            samples = self._recording.read(position, step)
            if not samples.size:
                break
            position += samples.size
            yield resampler.feed(samples.tobytes())
        yield resampler.flush()
