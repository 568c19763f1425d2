"""The sound of answers, which a socket brings faster than it is played.

A socket says to which answer sound belongs, and leaves the pace to the client; so what the server tells of its output
buffer over WebRTC (`output_audio_buffer.started`, `.stopped`, `.cleared`) is known here.
https://platform.openai.com/docs/guides/realtime-conversations#handling-audio-with-websockets
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.media.resample import Resampler

PREBUFFER_MS = 80
"""How much of an answer must be there before it is begun: pieces come in gusts, and the first one mostly holds it."""
MAX_PREBUFFER_MS = 320
"""What that grows to, doubled each time that sound goes on after it ran dry, until an answer is played without that."""

_OPEN_RESPONSES = 16


class AnswerBuffer:
    """Puts the sound of answers in line, one after the other, and gives frames of 48 kHz.

    `rate_hz` is the rate of what is put in. `tell` hears of each turn of events: "started", "stopped" or "cleared", and
    the id of the response. It has no clock: a pull is 20 ms.
    """

    def __init__(self, rate_hz: int, tell: Callable[[str, str], None]) -> None:
        self._rate_hz = rate_hz
        self._tell = tell
        self._parts: deque[_Part] = deque()
        self._flows = False
        """The first part is being played, and has not run dry."""
        self._prebuffer_ms = PREBUFFER_MS
        self._open: dict[str, bool] = {}
        """The responses that are not done, and whether the rest of their sound is to be dropped."""

    def begin(self, response_id: str) -> None:
        """There is an answer of this name from now on."""
        self._open[response_id] = False
        while len(self._open) > _OPEN_RESPONSES:
            del self._open[next(iter(self._open))]

    def put(self, response_id: str, pcm: bytes) -> None:
        """Take more sound of an answer: mono s16le, cut anywhere; nothing of one that was flushed."""
        response_id = response_id or next(reversed(self._open), "")
        if response_id not in self._open:
            self.begin(response_id)
        if self._open[response_id] or not pcm:
            return
        part = next((each for each in self._parts if each.response_id == response_id and not each.complete), None)
        if part is None:
            part = _Part(response_id, self._rate_hz)
            self._parts.append(part)
        if part.dry:
            part.dry, part.trickles = False, True
            self._prebuffer_ms = min(2 * self._prebuffer_ms, MAX_PREBUFFER_MS)
        part.put(pcm)

    def end_part(self, response_id: str) -> None:
        """All sound of one part of an answer was put in: what is there may be played to its end."""
        response_id = response_id or next(reversed(self._open), "")
        for part in self._parts:
            if part.response_id == response_id:
                part.complete = True
        if self._parts and self._parts[0].begun and self._parts[0].over:
            self._stop()

    def end(self, response_id: str) -> None:
        """The answer is done: no sound of it will follow."""
        response_id = response_id or next(reversed(self._open), "")
        self.end_part(response_id)
        self._open.pop(response_id, None)

    def flush(self) -> None:
        """Forget what is held, and what still comes of the answers that are under way."""
        self._open = dict.fromkeys(self._open, True)
        begun = [part.response_id for part in self._parts if part.begun]
        self._parts.clear()
        self._flows = False
        for response_id in begun:
            self._tell("cleared", response_id)

    def pull(self) -> bytes | None:
        """Return the next frame; None while there is none, or too little to begin with."""
        while self._parts:
            part = self._parts[0]
            frame = part.take() if self._flows or part.ready(self._prebuffer_ms) else None
            part.dry = part.dry or (self._flows and frame is None)
            self._flows = frame is not None
            if frame is not None:
                self._began(part)
                if part.over:
                    self._stop()
                return frame
            if part.over:
                self._stop()
            elif self._another_waits(part):
                part.complete = True
            else:
                return None
        return None

    @property
    def ready(self) -> bool:
        """Whether a pull would give a frame, as far as can be told without one."""
        return bool(self._parts) and (self._flows or self._parts[0].ready(self._prebuffer_ms))

    @property
    def depth_ms(self) -> float:
        """How much sound waits."""
        return sum(part.waiting_ms for part in self._parts)

    def _began(self, part: _Part) -> None:
        if not part.begun:
            part.begun = True
            self._tell("started", part.response_id)

    def _stop(self) -> None:
        part = self._parts.popleft()
        self._flows = False
        if not part.trickles:
            self._prebuffer_ms = PREBUFFER_MS
        if part.begun:
            self._tell("stopped", part.response_id)

    def _another_waits(self, part: _Part) -> bool:
        """Not every server says that the sound of an answer is over."""
        others = (other for other in self._parts if other.response_id != part.response_id)
        return any(other.ready(self._prebuffer_ms) for other in others)


class _Part:
    """Sound of one response that is played in one go."""

    def __init__(self, response_id: str, rate_hz: int) -> None:
        self.response_id = response_id
        self.begun = False
        self.complete = False
        self.dry = False
        """There was nothing to go on with, and nothing came since."""
        self.trickles = False
        """It ran dry before its end."""
        self._rate_hz = rate_hz
        self._piece_bytes = rate_hz * FRAME_MS // 1000 * SAMPLE_BYTES
        self._pcm = bytearray()
        self._sound = bytearray()
        self._resampler: Resampler | None = Resampler(rate_hz, SAMPLE_RATE_HZ)

    def put(self, pcm: bytes) -> None:
        self._pcm += pcm

    @property
    def waiting_ms(self) -> float:
        return 1000 / SAMPLE_BYTES * (len(self._pcm) / self._rate_hz + len(self._sound) / SAMPLE_RATE_HZ)

    def ready(self, prebuffer_ms: int) -> bool:
        """Return whether playing may begin, or go on after it ran dry."""
        return not self.over if self.complete else self.waiting_ms >= prebuffer_ms

    @property
    def over(self) -> bool:
        """Whether nothing is left, and nothing follows."""
        if self.complete and not self._pcm:
            self._finish()
        return self._resampler is None and not self._sound

    def take(self) -> bytes | None:
        """Return a frame; the last one is filled up with silence."""
        while len(self._sound) < FRAME_BYTES and len(self._pcm) >= (1 if self.complete else self._piece_bytes):
            self._resample()
        if len(self._sound) < FRAME_BYTES and self.complete:
            self._finish()
        if len(self._sound) < (1 if self.complete else FRAME_BYTES):
            return None
        frame = bytes(self._sound[:FRAME_BYTES])
        del self._sound[:FRAME_BYTES]
        return frame.ljust(FRAME_BYTES, b"\0")

    def _resample(self) -> None:
        assert self._resampler is not None
        self._sound += self._resampler.feed(bytes(self._pcm[: self._piece_bytes]))
        del self._pcm[: self._piece_bytes]

    def _finish(self) -> None:
        if self._resampler is not None:
            self._sound += self._resampler.flush()
            self._resampler = None
