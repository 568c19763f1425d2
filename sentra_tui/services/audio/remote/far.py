"""The far side, `sentra-tui audio`: this machine's sound as frames on standard output, frames on standard input played.

It ends when its standard input does: with the ssh that started it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping

import msgspec

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import AudioSource, SourceReport
from sentra_tui.media.framing import Frame, FrameKind, FrameReader, pack
from sentra_tui.media.opus import OpusEncoder
from sentra_tui.services.audio.remote.far_speaker import FarSpeaker
from sentra_tui.services.audio.remote.threads import BytesReader, BytesWriter
from sentra_tui.services.audio.sources import open_source

CLOSE_S = 0.5
GONE_STATUS = 3
"""Whoever started us is gone."""


def main(sources: Mapping[str, str]) -> int:
    """Give the sound of `sources`, by stream, until standard input ends; return the exit status.

    It is 0 when the sources had no more sound to give.
    """
    if os.isatty(1):
        sys.stderr.write("sentra-tui: audio sends sound to another machine. Run there: sentra-tui --mic ssh:HOST\n")
        return 2
    frames_out = os.dup(1)
    os.dup2(2, 1)  # what a native library prints is no frame
    try:
        return asyncio.run(FarSide(0, frames_out).run(sources))
    except SourceError as error:
        sys.stderr.write(f"sentra-tui: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


class FarSide:
    """Carries sound between this machine's devices and a pair of descriptors."""

    def __init__(self, frames_in: int, frames_out: int) -> None:
        self._frames_in = frames_in
        self._frames_out = frames_out
        self._gone = asyncio.Event()
        self._reader = FrameReader()
        self._writer: BytesWriter | None = None
        self._speaker: FarSpeaker | None = None

    async def run(self, sources: Mapping[str, str]) -> int:
        """Serve until the near side is gone, or the sources have ended; raises SourceError."""
        self._writer = BytesWriter(self._frames_out, self._gone.set)
        self._speaker = FarSpeaker(self._send)
        loop = asyncio.get_running_loop()
        gone = loop.create_task(self._gone.wait(), name="near side gone")
        work = [loop.create_task(self._carry(name, source), name=name) for name, source in sources.items()]
        BytesReader(self._frames_in, self._take)
        try:
            while work and not gone.done():
                done, _ = await asyncio.wait([gone, *work], return_when=asyncio.FIRST_COMPLETED)
                for task in done - {gone}:
                    task.result()
                    work.remove(task)  # type: ignore[arg-type]
            if not sources:
                await gone
            return GONE_STATUS if gone.done() else 0
        finally:
            for task in (gone, *work):
                task.cancel()
            await asyncio.wait([gone, *work])
            await self._speaker.close()
            self._writer.close(CLOSE_S)

    async def _carry(self, stream: str, spec: str) -> None:
        """Send the sound of one source until it ends."""
        reports = 0

        def report(said: SourceReport) -> None:
            nonlocal reports
            reports += 1
            self._send(Frame(FrameKind.REPORT, stream, reports, payload=msgspec.json.encode(said)))

        source = await open_source(spec, report=report)
        try:
            await self._carry_frames(stream, source)
        finally:
            await source.close()

    async def _carry_frames(self, stream: str, source: AudioSource) -> None:
        encoder = OpusEncoder()
        sequence = 0
        async for frame in source.frames():
            sequence += 1
            self._send(Frame(FrameKind.SOUND, stream, sequence, sequence * FRAME_MS, encoder.encode(frame)))

    def _send(self, frame: Frame) -> None:
        if self._writer is not None:
            self._writer.write(pack(frame))

    def _take(self, data: bytes) -> None:
        if not data:
            self._gone.set()
        for frame in self._reader.feed(data):
            if self._speaker is not None:
                self._speaker.take(frame)
