"""The far side's loudspeaker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.errors import SourceError
from sentra_tui.media.framing import Frame, FrameKind
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.playout import PlayoutBuffer
from sentra_tui.services.audio.pace import Pace
from sentra_tui.services.audio.playback import SpeakerSink
from sentra_tui.services.audio.remote.sink import ANSWER, HEARD

TELL_FRAMES = 100 // FRAME_MS
START_MS = 40

_LOG = logging.getLogger(__name__)


class FarSpeaker:
    """Plays what comes in, and tells through `send` what was heard. The device opens with the first sound."""

    def __init__(self, send: Callable[[Frame], None]) -> None:
        self._send = send
        self._playout = PlayoutBuffer(OpusDecoder(), start_ms=START_MS)
        self._sink: SpeakerSink | None = None
        self._task: asyncio.Task[None] | None = None

    def take(self, frame: Frame) -> None:
        """Take a frame from the near side."""
        if frame.kind is FrameKind.SOUND:
            loop = asyncio.get_running_loop()
            self._playout.put(frame.sequence & 0xFFFF, frame.payload, loop.time() * 1000)
            self._task = self._task or loop.create_task(self._play(), name="far speaker")
        elif frame.kind is FrameKind.FLUSH:
            self._playout.flush()
            if self._sink is not None:
                self._sink.flush()

    async def close(self) -> None:
        """Let go of the device."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._sink is not None:
            await self._sink.close()

    async def _play(self) -> None:
        try:
            self._sink = sink = await SpeakerSink.open()
        except SourceError as error:
            _LOG.error("%s", error)
            return
        pace = Pace()
        pulls = 0
        while True:
            await pace.beat()
            frame = self._playout.pull()
            if frame is not None:
                sink.write(frame)
            pulls += 1
            if pulls % TELL_FRAMES == 0:
                payload = HEARD.pack(sink.heard_ms(), sink.sounding())
                self._send(Frame(FrameKind.HEARD, ANSWER, pulls, pulls * FRAME_MS, payload))
