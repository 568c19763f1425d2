"""Capture through PortAudio, ALSA's `pulse` device and the environment variable that names the source."""

from __future__ import annotations

import os
from typing import Any

from sentra_tui.services.audio.devices import Device
from sentra_tui.services.audio.live.backend import OnBlock, OnEnded, capture_channels, stream_properties
from sentra_tui.services.audio.live.mono import to_mono
from sentra_tui.services.audio.live.snapshot import PulseSource

PULSE_DEVICE = "pulse"
"""What alsa-plugins calls the way to the sound server."""


class PortAudioCapture:
    """A Capture."""

    def __init__(self, source: PulseSource, token: str, on_block: OnBlock, on_ended: OnEnded) -> None:
        self._channels = capture_channels(source)
        self._on_block = on_block
        self._on_ended = on_ended
        properties = " ".join(f"{name}={value}" for name, value in stream_properties(token).items())
        self._device = Device(
            "input",
            PULSE_DEVICE,
            self._take,
            self._finished,
            channels=self._channels,
            environ={
                "PULSE_SOURCE": source.name,
                "PULSE_PROP": f"{os.environ.get('PULSE_PROP', '')} {properties}".strip(),
            },
        )

    async def open(self) -> None:
        """Start it; raises SourceError."""
        await self._device.open()

    async def close(self) -> None:
        """End it."""
        await self._device.close()

    def _take(self, block: Any) -> None:
        self._on_block(to_mono(bytes(block), self._channels))

    def _finished(self) -> None:
        self._on_ended("It was unplugged, or the sound server stopped.")
