"""Another machine's sound, heard here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec

from sentra_tui.domain.audio import FRAME_MS, SILENCE
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import Report, SourceReport
from sentra_tui.domain.text import clean_line
from sentra_tui.media.framing import Frame, FrameKind
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.playout import PlayoutBuffer
from sentra_tui.services.audio.pace import Pace
from sentra_tui.services.audio.remote.command import FAR_STREAM
from sentra_tui.services.audio.remote.host import RemoteHost

START_MS = 40
STALLED_FRAMES = 500 // FRAME_MS
PATIENCE_FRAMES = 5_000 // FRAME_MS
"""How long the first sound may take: machines say hello at length."""


class RemoteSource:
    """An AudioSource: what `command` gives, from the machine that `label` names. `frames` starts it.

    It comes back by itself: until then there is silence, and it is said why.
    """

    def __init__(
        self, command: Sequence[str], label: str, report: Report | None = None, *, pace: Pace | None = None
    ) -> None:
        self.label = clean_line(label)
        self._command = command
        self._report = report or _unheard
        self._pace = pace or Pace()
        self._playout = PlayoutBuffer(OpusDecoder(), start_ms=START_MS)
        self._host: RemoteHost | None = None
        self._silent_frames = 0
        self._begun = False
        self._cause = ""
        """Why there is no far side just now."""
        self._far = SourceReport()
        """What the far side has to say of its source."""
        self._told = SourceReport()
        self._closed = False

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a frame each 20 ms, until the far side has no more."""
        self._host = RemoteHost(self._command, self._take, self._lose)
        while True:
            await self._pace.beat()
            frame = self._playout.pull()
            if self._closed or (frame is None and self._host.ended):
                return
            self._silent_frames = 0 if frame is not None else self._silent_frames + 1
            self._say()
            yield frame or SILENCE

    async def close(self) -> None:
        """End `frames`, and the far side."""
        self._closed = True
        if self._host is not None:
            await self._host.close()

    def _take(self, frame: Frame) -> None:
        if frame.stream != FAR_STREAM:
            return
        if frame.kind is FrameKind.SOUND:
            if not self._begun:
                self._begun, self._cause, self._silent_frames = True, "", 0
            self._playout.put(frame.sequence & 0xFFFF, frame.payload, asyncio.get_running_loop().time() * 1000)
        elif frame.kind is FrameKind.REPORT:
            self._far = _read_report(frame.payload)

    def _lose(self, cause: str) -> None:
        self._cause = cause
        self._begun = False
        self._far = SourceReport()
        self._playout.reset()

    def _say(self) -> None:
        report = self._judge()
        if report != self._told:
            self._told = report
            self._report(report)

    def _judge(self) -> SourceReport:
        if self._cause:
            return SourceReport(Trouble.GONE, f"{self.label}: {self._cause}. It is tried again.")
        if self._silent_frames >= (STALLED_FRAMES if self._begun else PATIENCE_FRAMES):
            return SourceReport(Trouble.STALLED, f"{self.label} sends no sound: look at the network.")
        advice = f"{self.label}: {self._far.advice}" if self._far.advice else ""
        return SourceReport(self._far.trouble, advice)


def _read_report(payload: bytes) -> SourceReport:
    """Return what the far side says; nothing where it is not to be understood."""
    try:
        report = msgspec.json.decode(payload, type=SourceReport)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return SourceReport()
    return SourceReport(report.trouble, clean_line(report.advice))


def _unheard(_: SourceReport) -> None:
    return
