"""Another machine's loudspeaker."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES
from sentra_tui.domain.text import clean_line
from sentra_tui.media.framing import Frame, FrameKind
from sentra_tui.media.opus import OpusEncoder
from sentra_tui.services.audio.remote.command import far_command, far_source
from sentra_tui.services.audio.remote.host import RemoteHost

OnReport = Callable[[str, str], None]
"""Takes where sound is heard now, and why that is news."""
ANSWER = "answer"
"""The stream of what is to be played."""
ON_ITS_WAY_S = 0.3
"""How long a written frame counts as sounding before the far side says so itself."""
HEARD = struct.Struct(">Q?")
"""What the far side tells of its loudspeaker: how much it has played, in ms, and whether it sounds."""


class RemoteSink:
    """An AudioSink: what is written is played on the machine that `command` reaches. The loudspeaker opens there with
    the first sound. `on_report` is told the label again when the far side was lost, and why.
    """

    def __init__(self, command: Sequence[str], label: str, on_report: OnReport | None = None) -> None:
        self.label = clean_line(label)
        self._encoder = OpusEncoder()
        self._gain = self._wanted_gain = 1.0
        self._sequence = 0
        self._loop = asyncio.get_running_loop()
        self._written_s = -ON_ITS_WAY_S
        self._heard_ms = 0
        self._heard_before_ms = 0
        """What was heard of far sides that ended."""
        self._sounding = False
        self._on_report = on_report
        self._lost = False
        self._host = RemoteHost(command, self._take, self._lose)

    @classmethod
    def open(cls, name: str, environ: Mapping[str, str], on_report: OnReport | None = None) -> RemoteSink:
        """Return a sink on the host that `name` names; raises SourceError where it cannot be one."""
        host, _ = far_source(name)
        return cls(far_command(host, "none", environ), host, on_report)

    def write(self, frame: bytes) -> None:
        """Send one frame."""
        payload = self._encoder.encode(self._amplified(frame))
        self._sequence += 1
        if self._host.send(Frame(FrameKind.SOUND, ANSWER, self._sequence, self._sequence * FRAME_MS, payload)):
            self._written_s = self._loop.time()

    def flush(self) -> None:
        """Have the far side forget what it has not played."""
        self._host.send(Frame(FrameKind.FLUSH, ANSWER, self._sequence))
        self._written_s = -ON_ITS_WAY_S

    def set_gain(self, gain: float) -> None:
        """Play everything from now on at this share of its amplitude, reached within a frame."""
        self._wanted_gain = gain

    def heard_ms(self) -> int:
        """Return how much sound was heard, as the far side last told: a tenth of a second ago, and the way here.

        It is never more than was sent, whatever the far side says.
        """
        return min(self._heard_before_ms + self._heard_ms, self._sequence * FRAME_MS)

    def sounding(self) -> bool:
        """Return whether sound is on its way, or sounds."""
        return self._sounding or self._loop.time() - self._written_s < ON_ITS_WAY_S

    async def close(self) -> None:
        """End the far side."""
        await self._host.close()

    def _amplified(self, frame: bytes) -> bytes:
        if self._gain == self._wanted_gain == 1.0:
            return frame
        ramp = np.linspace(self._gain, self._wanted_gain, FRAME_SAMPLES)
        self._gain = self._wanted_gain
        return np.rint(np.frombuffer(frame, "<i2") * ramp).astype("<i2").tobytes()

    def _take(self, frame: Frame) -> None:
        self._lost = False
        if frame.kind is FrameKind.HEARD and len(frame.payload) == HEARD.size:
            self._heard_ms, self._sounding = HEARD.unpack(frame.payload)

    def _lose(self, cause: str) -> None:
        self._heard_before_ms += self._heard_ms
        self._heard_ms, self._sounding = 0, False
        if self._on_report is not None and not self._lost:
            self._on_report(self.label, f"{self.label}: {cause}. It is tried again.")
        self._lost = True
