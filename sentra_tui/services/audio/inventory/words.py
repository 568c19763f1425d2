"""The words that choose a device, and what there is to know of it."""

from __future__ import annotations

from sentra_tui.domain.sound import DeviceFlag, DeviceKind
from sentra_tui.domain.source_spec import SourceKind

INPUT = f"{SourceKind.DEVICE}:"
LOOPBACK = f"{SourceKind.LOOPBACK}:"
_PREFIXES = {DeviceKind.INPUT: INPUT, DeviceKind.MONITOR: LOOPBACK, DeviceKind.OUTPUT: ""}

_NOTES = {
    DeviceFlag.AGGREGATE: "Several devices as one: not chosen by itself while there is a microphone.",
    DeviceFlag.VIRTUAL: "No hardware of its own: not chosen by itself while there is a microphone.",
    DeviceFlag.HEADSET: "In its call profile: narrow sound in both directions. Another microphone ends that.",
}


def source_word(kind: DeviceKind, name: str) -> str:
    """Return what chooses a device; `name` is its stable name, for a monitor that of the sink it hears."""
    return _PREFIXES[kind] + name


def note_on(kind: DeviceKind, flags: tuple[DeviceFlag, ...]) -> str:
    """Return what to know of a device with these flags before choosing it, one line; empty for a plain one."""
    if kind is not DeviceKind.INPUT:
        return ""
    return next((note for flag, note in _NOTES.items() if flag in flags), "")
