"""The loudspeaker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.devices import Device
from sentra_tui.services.audio.output.ring import Ring

OnPlayed = Callable[[bytes], None]
"""Takes each block of 10 ms as the device gets it, silence included, before it sounds. Not in the loop's thread."""


class SpeakerSink:
    """An AudioSink: an output device, the system's default or one by name. `open` makes it."""

    def __init__(self, device: str = "", *, on_played: OnPlayed | None = None) -> None:
        self.label = clean_line(device) or "loudspeaker"
        self.lost = False
        """The device went away; what is written is not heard."""
        self._on_played = on_played
        self._ring = Ring()
        self._device = Device("output", device, self._on_block, self._on_finished)

    @classmethod
    async def open(cls, device: str = "", *, on_played: OnPlayed | None = None) -> SpeakerSink:
        """Open the device; raises SourceError."""
        sink = cls(device, on_played=on_played)
        try:
            await sink._device.open()
        except asyncio.CancelledError:
            await sink.close()
            raise
        return sink

    @property
    def underruns(self) -> int:
        """How often sound ran out and went on at once."""
        return self._ring.underruns

    def write(self, frame: bytes) -> None:
        """Queue one frame; the oldest sound goes when too much waits."""
        self._ring.write(frame)

    def flush(self) -> None:
        """Forget what is queued: what sounds fades out within 5 ms, then there is silence."""
        self._ring.flush()

    def set_gain(self, gain: float) -> None:
        """Play everything from now on at this share of its amplitude, reached within 10 ms."""
        self._ring.set_gain(gain)

    def heard_ms(self) -> int:
        """Return how much sound was heard, to a block of 10 ms."""
        return self._ring.heard_ms(self._device.latency_s)

    def sounding(self) -> bool:
        """Return whether audible sound is queued, or was handed over and is not over yet."""
        return self._ring.sounding(self._device.latency_s)

    async def close(self) -> None:
        """Let go of the device."""
        await self._device.close()

    def _on_block(self, block: Any) -> None:
        sound = self._ring.take()
        if self._on_played is not None:
            self._on_played(sound)
        block[:] = sound

    def _on_finished(self) -> None:
        self.lost = True
