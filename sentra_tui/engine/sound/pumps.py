"""The audio pumps: from a stream's source to its call, and from the call to the loudspeaker.

A source is pumped whether a call stands or not, so that its level is always seen. A frame goes to the call, or silence
in its place while the stream is muted: the wire always carries sound, because a peer that hears nothing believes the
line dead, and turn detection needs the pause to end a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from sentra_tui.domain.audio import FRAME_MS, SILENCE
from sentra_tui.domain.changes import Change, LevelMeasured, SourceEnded, SourceOpened
from sentra_tui.domain.ports import Transport
from sentra_tui.domain.sound_ports import AudioSink, AudioSource
from sentra_tui.engine.sound.cut import Cut

LEVELS_HZ = 15
LEVEL_INTERVAL_MS = 1000 / LEVELS_HZ
HEADROOM_S = 0.008
"""How long after its first packet sound is asked for: later ones may be so much later, and nothing is heard of it.

Sound that a server does not pace comes ahead of its time, and needs none.
"""
LEAD_S = 0.04
"""How far ahead such sound is handed over: a loudspeaker need not wait for what follows, and we may be late by so much.

It is that far ahead from its beginning on, and again after it came late: by never more, however often that happens.
"""


class Meter(Protocol):
    """Measures frames."""

    def feed(self, frame: bytes) -> None:
        """Take one frame into account."""
        ...

    def read(self) -> tuple[float, float]:
        """Return the RMS and the peak, in dBFS, of what came since the last reading."""
        ...


class SourcePump:
    """Carries one stream's sound from its source to `transport`, whichever call that is at the moment.

    A frame passes a gate, `clean`, a gate again, and then everyone in `taps` and the call. Both gates are shut while
    the stream is muted or off the record: no sound of that time waits inside of `clean` for the moment they open.
    Only the level meter hears what comes before them.
    """

    def __init__(
        self,
        stream: str,
        meter: Meter,
        now_ms: Callable[[], int],
        publish: Callable[[Change], None],
    ) -> None:
        self.transport: Transport | None = None
        self.muted = False
        self.off_record = False
        self.clean: Callable[[bytes], bytes] = _as_it_is
        """Takes echo out of a frame."""
        self.taps: list[Callable[[bytes], None]] = []
        """Hear each frame as the call does, whether there is a call or not."""
        self._stream = stream
        self._meter = meter
        self._now_ms = now_ms
        self._publish = publish
        self._level_due_ms = 0.0

    async def run(self, source: AudioSource, begin: asyncio.Event) -> None:
        """Pump `source`, from the moment `begin` is set, until it ends; raises SourceError when it breaks."""
        self._publish(SourceOpened(self._stream, source.label))
        try:
            await self._silence_until(begin)
            async for frame in source.frames():
                self._carry(frame)
            self._publish(SourceEnded(self._stream))
        finally:
            await source.close()

    async def run_silent(self) -> None:
        """Pump silence, for ever."""
        await self._silence_until(asyncio.Event())

    async def _silence_until(self, begin: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while not begin.is_set():
            self._carry(SILENCE)
            due_s = max(due_s + FRAME_MS / 1000, loop.time() - 10 * FRAME_MS / 1000)
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    def _carry(self, frame: bytes) -> None:
        self._meter.feed(frame)
        shut = self.muted or self.off_record
        cleaned = self.clean(SILENCE if shut else frame)
        sound = SILENCE if shut else cleaned
        if self.transport is not None:
            self.transport.send_audio(sound)
        for tap in self.taps:
            tap(sound)
        self._measure()

    def _measure(self) -> None:
        now_ms = self._now_ms()
        if now_ms >= self._level_due_ms:
            self._level_due_ms = max(self._level_due_ms + LEVEL_INTERVAL_MS, now_ms)
            rms_dbfs, peak_dbfs = self._meter.read()
            self._publish(LevelMeasured(self._stream, now_ms, round(rms_dbfs, 1), round(peak_dbfs, 1)))


def _as_it_is(frame: bytes) -> bytes:
    return frame


async def play(transport: Transport, sink: AudioSink, cut: Cut) -> None:
    """Carry the peer's sound from a call to a loudspeaker, one frame each 20 ms, until cancelled.

    Of sound that a server does not pace, the first frames are carried at once. What `cut` swallows is not heard.
    """
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    owed_since_s: float | None = due_s - LEAD_S
    while True:
        frame = transport.receive_audio()
        if not cut.swallows(frame) and frame is not None:
            sink.write(frame)
        if frame is None:
            owed_since_s = due_s if owed_since_s is None else owed_since_s
            due_s = await _due_after_arrival(transport, due_s + FRAME_MS / 1000)
        else:
            if owed_since_s is not None and not transport.server_truncates:
                due_s = max(owed_since_s, loop.time() - LEAD_S)
            owed_since_s = None
            due_s += FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due_s - loop.time()))


async def _due_after_arrival(transport: Transport, due_s: float) -> float:
    """Wait for sound until `due_s`; return when to come for it, in step with the sender.

    Out of step, one stream would be asked for when its packets have hardly arrived, and be deepened for it, and another
    would wait for most of a frame.
    """
    try:
        async with asyncio.timeout_at(due_s):
            await transport.audio_arrives()
    except TimeoutError:
        return due_s
    return asyncio.get_running_loop().time() + (HEADROOM_S if transport.server_truncates else 0.0)
