"""What a sound system says of one device, before anything is made of it."""

from __future__ import annotations

from msgspec import Struct, field


class ServerNode(Struct, frozen=True, kw_only=True):
    """A source or a sink of a PulseAudio server, or of PipeWire in its place.

    The fields are those of `pa_source_info` and `pa_sink_info`:
    https://freedesktop.org/software/pulseaudio/doxygen/structpa__source__info.html
    """

    name: str
    description: str = ""
    driver: str = ""
    hardware: bool = False
    """PA_SOURCE_HARDWARE, PA_SINK_HARDWARE."""
    network: bool = False
    """PA_SOURCE_NETWORK, PA_SINK_NETWORK."""
    rate_hz: int = 48_000
    monitor_of: str = ""
    """The sink whose sound this source hears."""
    profile: str = ""
    """The active profile of its card."""
    properties: dict[str, str] = field(default_factory=dict)


class PortAudioNode(Struct, frozen=True, kw_only=True):
    """A device of PortAudio (`PaDeviceInfo`), in one direction."""

    name: str
    host_api: str
    rate_hz: int = 48_000
    is_input: bool = True
