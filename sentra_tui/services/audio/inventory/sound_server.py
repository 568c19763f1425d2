"""The devices of a sound server: PulseAudio, or PipeWire that speaks its protocol.

`pulsectl` gives structured data, so that no language and no program's output format matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceFlag, DeviceKind, SoundDevice
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.inventory.classify import server_flags
from sentra_tui.services.audio.inventory.node import ServerNode
from sentra_tui.services.audio.inventory.words import note_on, source_word

CLIENT_NAME = "sentra-tui"
NO_SERVER = "No sound server answers."
LOST = "The sound server is gone; it is looked for."
_HARDWARE, _NETWORK = 0x4, 0x8
"""PA_SOURCE_HARDWARE and PA_SOURCE_NETWORK; the flags of sinks have the same values."""
_PIPEWIRE = "PipeWire"


class ServerInventory(Struct, frozen=True):
    """What a sound server has."""

    server: str
    """Its name and version."""
    devices: tuple[SoundDevice, ...]
    recorded_from: dict[str, str]
    """The server's source to listen to, by the device's `source`; for an output that is its monitor."""


def list_server() -> ServerInventory:
    """Return what the sound server has. Blocks, a few milliseconds; raises SourceError where none answers."""
    with connected() as pulse:
        return read_inventory(pulse)


@contextmanager
def connected() -> Iterator[Any]:
    """Give a `pulsectl.Pulse` that is connected, in the calling thread; raises SourceError where no server answers.

    What fails later, also because the server went away, is a SourceError too.
    """
    try:
        import pulsectl
    except (ImportError, OSError) as error:
        raise SourceError("The library of the sound server (libpulse) is not installed.") from error
    try:
        with pulsectl.Pulse(CLIENT_NAME, connect=False) as pulse:
            pulse.connect(autospawn=False)
            yield pulse
    except (pulsectl.PulseError, pulsectl.PulseDisconnected, pulsectl._pulsectl.LibPulse.CallError) as error:
        raise SourceError(NO_SERVER) from error


def read_inventory(pulse: Any) -> ServerInventory:
    """Return what the server at the other end of `pulse` has; raises what pulsectl raises."""
    info = pulse.server_info()
    profiles = {card.index: card.profile_active.name for card in pulse.card_list()}
    sources = [server_node(source, profiles) for source in pulse.source_list()]
    sinks = [server_node(sink, profiles) for sink in pulse.sink_list()]
    monitors = {node.monitor_of: node.name for node in sources if node.monitor_of}
    devices, recorded_from = [], {}
    for node in sources:
        kind = DeviceKind.MONITOR if node.monitor_of else DeviceKind.INPUT
        is_default = (
            node.monitor_of == info.default_sink_name if node.monitor_of else node.name == info.default_source_name
        )
        device = server_device(node, kind, is_default)
        devices.append(device)
        recorded_from[device.source] = node.name
    for node in sinks:
        device = server_device(node, DeviceKind.OUTPUT, node.name == info.default_sink_name)
        devices.append(device)
        recorded_from[device.source] = monitors.get(node.name, "")
    devices.sort(key=lambda device: list(DeviceKind).index(device.kind))
    return ServerInventory(_server_name(info), tuple(devices), recorded_from)


def server_device(node: ServerNode, kind: DeviceKind, is_default: bool) -> SoundDevice:
    """Return what one source or sink is to us."""
    flags = server_flags(node)
    default = (DeviceFlag.DEFAULT,) if is_default else ()
    return SoundDevice(
        source=source_word(kind, node.monitor_of or node.name),
        name=clean_line(node.description or node.name, 80),
        kind=kind,
        host_api=_PIPEWIRE if node.driver == _PIPEWIRE else "PulseAudio",
        flags=default + flags,
        note=note_on(kind, flags),
    )


def server_node(info: Any, profiles: dict[int, str]) -> ServerNode:
    """Return what pulsectl says of a source or a sink; `profiles` are the active ones of the cards, by index."""
    return ServerNode(
        name=info.name,
        description=info.description or "",
        driver=info.driver or "",
        hardware=bool(info.flags & _HARDWARE),
        network=bool(info.flags & _NETWORK),
        rate_hz=info.sample_spec.rate,
        monitor_of=getattr(info, "monitor_of_sink_name", None) or "",
        profile=profiles.get(info.card, ""),
        properties=info.proplist,
    )


def _server_name(info: Any) -> str:
    """Return `PulseAudio 16.1` or `PipeWire 0.3.65`: the latter calls itself `PulseAudio (on PipeWire 0.3.65)`."""
    name = clean_line(info.server_name or "", 80)
    if _PIPEWIRE in name:
        return name[name.index(_PIPEWIRE) :].rstrip(")")
    return f"PulseAudio {clean_line(info.server_version or '', 20)}".strip()
