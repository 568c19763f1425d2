"""The devices as text and as JSON, for a terminal and for programs."""

from __future__ import annotations

import unicodedata

import msgspec

from sentra_tui.domain.sound import DeviceKind, Devices, SoundDevice
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.inventory.preference import (
    Preference,
    preferred_input,
    preferred_loopback,
    preferred_output,
)

_HEADINGS = {
    DeviceKind.INPUT: "Microphones and other inputs",
    DeviceKind.MONITOR: "What outputs play, heard",
    DeviceKind.OUTPUT: "Outputs",
}
_WITHOUT = "No sound devices. Recordings, standard input and typed questions work without any."
_MARK = "*"
SOURCE_CHARS = 500
_WIDE = ("W", "F")
_LEGEND = (
    "* is used where none is named. The first column is what names a device: --mic, --speaker, or output in [sound]."
)


def report_text(devices: Devices) -> str:
    """Return the devices as lines: by kind, each with what chooses it, marked where that is done without being asked.

    Nothing in it obeys the terminal: names were cleaned where they came in, what chooses a device is here.
    """
    if not devices.devices:
        return f"{devices.reason}\n{_WITHOUT}" if devices.reason else _WITHOUT
    preferences = _preferences(devices)
    lines = []
    for kind, heading in _HEADINGS.items():
        lines += [heading, *_table(devices, kind, preferences[kind]), ""]
    lines += [_LEGEND, ""]
    if devices.backend:
        lines.append(f"Sound: {devices.backend}.")
    if devices.reason:
        lines.append(devices.reason)
    return "\n".join(lines)


def report_json(devices: Devices) -> str:
    """Return the devices as one JSON document: the fields of `Devices`, and what is used for each kind in `used`."""
    used = {kind.value: choice.device.source if choice.device else "" for kind, choice in _preferences(devices).items()}
    document = {
        "backend": devices.backend,
        "reason": devices.reason,
        "used": used,
        "devices": [msgspec.to_builtins(device) for device in devices.devices],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _preferences(devices: Devices) -> dict[DeviceKind, Preference]:
    return {
        DeviceKind.INPUT: preferred_input(devices),
        DeviceKind.MONITOR: preferred_loopback(devices),
        DeviceKind.OUTPUT: preferred_output(devices),
    }


def _table(devices: Devices, kind: DeviceKind, preference: Preference) -> list[str]:
    rows = [device for device in devices.devices if device.kind is kind]
    sources = _column([clean_line(device.source, SOURCE_CHARS) for device in rows])
    names = _column([device.name for device in rows])
    lines = [
        f"  {_MARK if device == preference.device else ' '} {source}  {name}  {_remarks(device)}".rstrip()
        for device, source, name in zip(rows, sources, names, strict=True)
    ]
    if preference.reason:
        lines.append(f"    {preference.reason}")
    return lines


def _remarks(device: SoundDevice) -> str:
    return ", ".join(flag.value for flag in device.flags)


def _column(texts: list[str]) -> list[str]:
    """Return the texts with spaces behind them, so that all end in one column of a terminal."""
    width = max(map(_cells, texts), default=0)
    return [text + " " * (width - _cells(text)) for text in texts]


def _cells(text: str) -> int:
    """Return how many cells a terminal gives a text: two to an East Asian wide character (UAX #11), none to a mark."""
    shown = [character for character in text if not unicodedata.combining(character)]
    return len(shown) + sum(unicodedata.east_asian_width(character) in _WIDE for character in shown)
