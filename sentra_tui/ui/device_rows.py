"""What can be chosen for each stream and for answers, as rows under headings."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from sentra_tui.domain.sound import DeviceFlag, DeviceKind, SoundDevice
from sentra_tui.domain.state import MIC, SPEAKER, AppState, Stream
from sentra_tui.domain.text import clean_line

NAME_CHARS = 80
NOTE_CHARS = 160
LOUDSPEAKER = ""
"""The target of rows for answers, beside the names of streams."""

_TITLES = {MIC: "Microphone: what you say", SPEAKER: "Speaker: what the others say"}
_FOLLOWED = {
    "device": ("default microphone", "followed when it changes", DeviceKind.INPUT),
    "loopback": ("what the default output plays", "followed when it changes", DeviceKind.MONITOR),
}
_MISSING = {
    MIC: "No microphone was found.",
    SPEAKER: "No way was found to hear what an output plays.",
    LOUDSPEAKER: "No loudspeaker was found.",
}
LOOKING = "Looking for devices…"
NO_DEVICES = "No devices were found."


class DeviceRow(Struct, frozen=True):
    """One thing that can be chosen."""

    target: str
    """The stream whose sound it would be, or LOUDSPEAKER."""
    source: str
    name: str
    facts: str = ""
    """What kind of device it is, in a few words."""
    note: str = ""
    meter: str = ""
    """The source whose level is shown beside it."""
    in_use: bool = False


class Heading(Struct, frozen=True):
    """What the rows below it are for."""

    text: str


class Sentence(Struct, frozen=True):
    """What there is to say instead of a row."""

    text: str


Row = DeviceRow | Heading | Sentence


def device_rows(state: AppState) -> tuple[Row, ...]:
    """Return everything there is to choose: the streams in their order, the loudspeaker last."""
    rows: list[Row] = []
    if not state.devices.devices:
        reason = clean_line(state.devices.reason, NOTE_CHARS)
        known = bool(reason or state.devices.backend)
        rows.append(Sentence(f"{NO_DEVICES} {reason}".rstrip() if known else LOOKING))
    for stream in state.streams:
        rows.append(Heading(_TITLES.get(stream.name, f"Stream {clean_line(stream.name, 32)}")))
        rows.extend(_of_stream(state, stream))
    rows.append(Heading("Loudspeaker: where answers are heard"))
    rows.extend(_of_loudspeaker(state))
    return tuple(rows)


def _of_stream(state: AppState, stream: Stream) -> Iterator[Row]:
    devices, choice = state.devices.devices, stream.source.choice
    words = ("device",) if stream.name == MIC else ("loopback",) if stream.name == SPEAKER else tuple(_FOLLOWED)
    fitting = [device for device in devices if _fits(device, stream.name)]
    if stream.name != MIC:
        fitting.sort(key=lambda device: device.kind is not DeviceKind.MONITOR)
    sources = {*words, "none", *(device.source for device in fitting)}
    if choice and choice not in sources:
        yield _elsewhere(stream)
    for word in words:
        name, note, kind = _FOLLOWED[word]
        yield DeviceRow(stream.name, word, name, "followed", note, _default(devices, kind), word == choice)
    if devices and not fitting:
        yield Sentence(_MISSING.get(stream.name, _MISSING[MIC]))
    for device in fitting:
        yield _row(stream.name, device, choice)
    yield DeviceRow(stream.name, "none", "none", "no sound", "Nothing is heard.", "", choice == "none")


def _fits(device: SoundDevice, stream: str) -> bool:
    """Return whether a stream is offered a device: the speaker also gets inputs into which programs can play."""
    if stream == MIC:
        return device.kind is DeviceKind.INPUT
    if stream == SPEAKER:
        into = {DeviceFlag.VIRTUAL, DeviceFlag.AGGREGATE} & set(device.flags)
        return device.kind is DeviceKind.MONITOR or (device.kind is DeviceKind.INPUT and bool(into))
    return device.kind is not DeviceKind.OUTPUT


def _of_loudspeaker(state: AppState) -> Iterator[Row]:
    outputs = [device for device in state.devices.devices if device.kind is DeviceKind.OUTPUT]
    choice = state.output_choice
    yield DeviceRow(LOUDSPEAKER, "", "the system's default", "followed", state.output, "", choice == "")
    if choice and all(device.source != choice for device in outputs):
        yield DeviceRow(LOUDSPEAKER, choice, clean_line(choice, NAME_CHARS), "not here now", "", "", in_use=True)
    if state.devices.devices and not outputs:
        yield Sentence(_MISSING[LOUDSPEAKER])
    for device in outputs:
        yield _row(LOUDSPEAKER, device, choice)


def _row(target: str, device: SoundDevice, choice: str) -> DeviceRow:
    facts = " · ".join([*(flag.value for flag in device.flags), clean_line(device.host_api, 24)]).rstrip(" ·")
    name, note = clean_line(device.name, NAME_CHARS), clean_line(device.note, NOTE_CHARS)
    return DeviceRow(target, device.source, name, facts, note, device.source, device.source == choice)


def _elsewhere(stream: Stream) -> DeviceRow:
    """Return the row of a source that is no device here: a recording, another host, or a device that is gone."""
    word, _, name = stream.source.choice.partition(":")
    gone = word in ("device", "loopback")
    shown = name if gone else stream.source.label or stream.source.choice
    note = "It is not here now; choose another, or plug it in." if gone else ""
    facts = "not here now" if gone else "not a device"
    return DeviceRow(stream.name, stream.source.choice, clean_line(shown, NAME_CHARS), facts, note, "", in_use=True)


def _default(devices: tuple[SoundDevice, ...], kind: DeviceKind) -> str:
    """Return the source of the default device of a kind, for its level."""
    defaults = (each.source for each in devices if each.kind is kind and DeviceFlag.DEFAULT in each.flags)
    return next(defaults, "")
