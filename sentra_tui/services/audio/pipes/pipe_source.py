"""A pipe as a source of sound."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import Report, SourceReport
from sentra_tui.services.audio.pace import Pace
from sentra_tui.services.audio.pipes.pcm_stream import PcmStream
from sentra_tui.services.audio.pipes.pipe import Pipe

READ_BYTES = 4 * FRAME_BYTES
PREBUFFER_FRAMES = 3
"""How much sound waits before it begins, or goes on after it ran out: writers are not as even as clocks."""
READ_BYTES_MOST = 1 << 21
"""The most that is read in 20 ms, which is that much of the widest sound: a writer of what is no sound never stops."""
STALLED_FRAMES = 500 // FRAME_MS


class PipeSource:
    """An AudioSource: what another program writes, in real time.

    A writer that is faster than that is made to wait, by leaving its bytes in the pipe; for one that is slower there is
    silence. Where another writer may come, it is waited for, in silence; otherwise the sound ends with the last byte.
    """

    def __init__(self, pipe: Pipe, report: Report | None = None, *, pace: Pace | None = None) -> None:
        self.label = pipe.name
        self._pipe = pipe
        self._report = report or _unheard
        self._pace = pace or Pace()
        self._stream: PcmStream | None = None
        self._sound = bytearray()
        self._writer = False
        self._playing = False
        self._waited_frames = 0
        self._told = SourceReport()
        self._closed = False

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a frame each 20 ms; raises SourceError where no sound is written, but something else."""
        while True:
            await self._pace.beat()
            if self._closed:
                return
            self._fill()
            frame = self._next()
            if frame is None and not (self._writer or self._pipe.comes_back):
                return
            self._waited_frames = 0 if frame is not None else self._waited_frames + 1
            self._say()
            yield frame or SILENCE

    async def close(self) -> None:
        """End `frames` and let go of the pipe."""
        self._closed = True
        self._pipe.close()

    def _fill(self) -> None:
        """Read until there is enough to begin with, or nothing more for now."""
        for _ in range(READ_BYTES_MOST // READ_BYTES):
            if len(self._sound) >= PREBUFFER_FRAMES * FRAME_BYTES:
                break
            try:
                data = self._pipe.read(READ_BYTES)
            except OSError as error:
                why = os.strerror(error.errno or 0).lower()
                raise SourceError(f"{self.label} cannot be read: {why}.", hint="Choose another source.") from error
            self._writer = data != b""
            if not data:
                break
            if self._stream is None:
                self._stream = PcmStream(self.label)
            self._sound += self._stream.feed(data)
        if not self._writer:
            self._stream = None

    def _next(self) -> bytes | None:
        """Return the next frame of sound, None while there is too little."""
        enough = FRAME_BYTES if self._playing else PREBUFFER_FRAMES * FRAME_BYTES
        self._playing = len(self._sound) >= enough or (not self._writer and bool(self._sound))
        if not self._playing:
            return None
        frame = bytes(self._sound[:FRAME_BYTES])
        del self._sound[:FRAME_BYTES]
        return frame.ljust(FRAME_BYTES, b"\0")

    def _say(self) -> None:
        report = self._told
        if not self._waited_frames:
            report = SourceReport()
        elif not self._writer:
            report = SourceReport(Trouble.GONE, f"Nobody writes into {self.label}: start what feeds it.")
        elif self._waited_frames >= STALLED_FRAMES:
            report = SourceReport(Trouble.STALLED, f"What writes into {self.label} gives too little sound, or none.")
        if report != self._told:
            self._told = report
            self._report(report)


def _unheard(_: SourceReport) -> None:
    return
