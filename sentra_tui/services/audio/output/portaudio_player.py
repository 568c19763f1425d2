"""Playback through PortAudio."""

from __future__ import annotations

import os
from typing import Any

from sentra_tui.services.audio.devices import Device
from sentra_tui.services.audio.output.player import Fill, OnEnded, Player, stream_properties

PULSE_DEVICE = "pulse"
"""What alsa-plugins calls the way to the sound server."""


class PortAudioPlayer:
    """A Player."""

    def __init__(self, device: str, environ: dict[str, str], latency_s: float, fill: Fill, on_ended: OnEnded) -> None:
        self._fill = fill
        self._on_ended = on_ended
        self._device = Device("output", device, self._give, self._finished, environ=environ, latency_s=latency_s)

    @property
    def latency_s(self) -> float:
        """How long after a block was asked for it is heard."""
        return self._device.latency_s

    @property
    def xruns(self) -> int:
        """How often the output ran dry."""
        return self._device.xruns

    async def open(self) -> None:
        """Start it; raises SourceError."""
        await self._device.open()

    async def close(self) -> None:
        """End it."""
        await self._device.close()

    def _give(self, block: Any) -> None:
        block[:] = self._fill()

    def _finished(self) -> None:
        self._on_ended("It was unplugged, or the sound system stopped.")


def through_pulse(output: str, token: str, latency_s: float, fill: Fill, on_ended: OnEnded) -> Player:
    """Return a player to a sink of the sound server, which is named in the environment while the stream opens."""
    properties = " ".join(f"{name}={value}" for name, value in stream_properties(token).items())
    environ = {"PULSE_PROP": f"{os.environ.get('PULSE_PROP', '')} {properties}".strip()}
    if output:
        environ["PULSE_SINK"] = output
    return PortAudioPlayer(PULSE_DEVICE, environ, latency_s, fill, on_ended)


def by_name(output: str, token: str, latency_s: float, fill: Fill, on_ended: OnEnded) -> Player:
    """Return a player to a device as PortAudio calls it, `NAME` or `HOSTAPI:NAME`; there the token shows nowhere."""
    return PortAudioPlayer(output, {}, latency_s, fill, on_ended)
