"""What a PulseAudio or PipeWire sound server said of itself at one moment."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from sentra_tui.domain.sound import DeviceFlag
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.inventory.classify import server_flags
from sentra_tui.services.audio.inventory.sound_server import server_node

STREAM_PROPERTY = "sentra.stream"
"""The property that marks a stream as ours: its value is a token, made anew for each stream."""
_NO_DEVICE = 0xFFFFFFFF
_UNREAL = {DeviceFlag.VIRTUAL, DeviceFlag.AGGREGATE}
_CALL_PROFILES = ("headset", "handsfree", "hsp", "hfp")


class PulseSource(Struct, frozen=True):
    """Something to capture from."""

    index: int
    name: str
    description: str
    channels: int = 1
    monitor_of: str = ""
    """The sink whose sound it gives; empty for an input."""
    suspended: bool = False
    headset: bool = False
    """A Bluetooth headset in its call profile."""
    virtual: bool = False
    """Made by a program, or of several devices."""


class PulseSink(Struct, frozen=True):
    """Something to play to."""

    index: int
    name: str
    description: str
    monitor: str = ""
    """The source that gives what it plays."""


class SourceOutput(Struct, frozen=True):
    """A stream that captures."""

    index: int
    source: int
    token: str = ""
    """What marks it as ours, empty for those of other programs."""


class SinkInput(Struct, frozen=True):
    """A stream that plays."""

    index: int
    sink: int
    process_id: str = ""
    corked: bool = False
    token: str = ""
    """What marks it as ours, empty for those of other programs."""


class Snapshot(Struct, frozen=True):
    """The sound server at one moment."""

    server: str = ""
    default_source: str = ""
    default_sink: str = ""
    sources: tuple[PulseSource, ...] = ()
    sinks: tuple[PulseSink, ...] = ()
    source_outputs: tuple[SourceOutput, ...] = ()
    sink_inputs: tuple[SinkInput, ...] = ()

    def source(self, name: str) -> PulseSource | None:
        """Return the source called `name`."""
        return next((each for each in self.sources if each.name == name), None)

    def source_at(self, index: int) -> PulseSource | None:
        """Return the source with that index."""
        return next((each for each in self.sources if each.index == index), None)

    def sink(self, name: str) -> PulseSink | None:
        """Return the sink called `name`."""
        return next((each for each in self.sinks if each.name == name), None)

    def stream(self, token: str) -> SourceOutput | None:
        """Return our stream with that token."""
        return next((each for each in self.source_outputs if each.token == token), None)


def read_snapshot(pulse: Any) -> Snapshot:
    """Ask a connected `pulsectl.Pulse` for all of it: about 3 ms. Raises what pulsectl raises."""
    info = pulse.server_info()
    return Snapshot(
        server=clean_line(info.server_name or "", 60),
        default_source=info.default_source_name or "",
        default_sink=info.default_sink_name or "",
        sources=tuple(_source(each) for each in pulse.source_list()),
        sinks=tuple(_sink(each) for each in pulse.sink_list()),
        source_outputs=read_source_outputs(pulse),
        sink_inputs=tuple(_sink_input(each) for each in pulse.sink_input_list()),
    )


def read_source_outputs(pulse: Any) -> tuple[SourceOutput, ...]:
    """Ask only which stream captures from where: below 1 ms."""
    return tuple(
        SourceOutput(each.index, each.source, each.proplist.get(STREAM_PROPERTY, ""))
        for each in pulse.source_output_list()
    )


def _source(info: Any) -> PulseSource:
    is_monitor = info.monitor_of_sink != _NO_DEVICE
    return PulseSource(
        index=info.index,
        name=info.name,
        description=_description(info),
        channels=info.channel_count,
        monitor_of=(info.monitor_of_sink_name or info.name.removesuffix(".monitor")) if is_monitor else "",
        suspended=info.state == "suspended",
        headset=_is_headset(info.name, info.proplist),
        virtual=not is_monitor and not _UNREAL.isdisjoint(server_flags(server_node(info, {}))),
    )


def _sink(info: Any) -> PulseSink:
    return PulseSink(info.index, info.name, _description(info), info.monitor_source_name or "")


def _sink_input(info: Any) -> SinkInput:
    process_id, token = (info.proplist.get(name, "") for name in ("application.process.id", STREAM_PROPERTY))
    return SinkInput(info.index, info.sink, process_id, info.corked, token)


def _description(info: Any) -> str:
    return clean_line(info.description or "", 60) or clean_line(info.name, 60)


def _is_headset(name: str, properties: dict[str, str]) -> bool:
    """Whether the server names a call profile: PulseAudio in `bluetooth.protocol`, PipeWire in `api.bluez5.profile`."""
    if not name.startswith("bluez") and properties.get("device.bus") != "bluetooth":
        return False
    said = " ".join((name, properties.get("bluetooth.protocol", ""), properties.get("api.bluez5.profile", "")))
    return any(profile in said.casefold() for profile in _CALL_PROFILES)
