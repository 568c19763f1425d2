"""Which device is used where the user named none."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from sentra_tui.domain.sound import DeviceFlag, DeviceKind, Devices, SoundDevice


class Preference(Struct, frozen=True):
    """The device that is used, or none."""

    device: SoundDevice | None = None
    reason: str = ""
    """Why not the system's default, or why none, one line; empty where it is as everybody expects."""


def preferred_input(devices: Devices) -> Preference:
    """Return the microphone: the default if it is a real one, else the first real one.

    A virtual or an aggregate device is never chosen over a real one, and a monitor, which hears what others say, never
    at all. Where every input is virtual, the system's own choice among them is taken, and said.
    """
    inputs = _of_kind(devices, DeviceKind.INPUT)
    default = _default(inputs)
    physical = next((device for device in inputs if device.physical), None)
    if default is not None and default.physical:
        return Preference(default)
    if physical is not None:
        if default is None:
            return Preference(physical, "The system's default input is no microphone.")
        return Preference(physical, f"The system's default input, {default.name}, is {_what(default)}.")
    if default is not None:
        return Preference(default, f"There is no real microphone; {default.name} is {_what(default)}.")
    if inputs:
        return Preference(None, "The system's default input is no microphone, and all others are virtual: choose one.")
    return Preference(None, "There is no microphone.")


def preferred_loopback(devices: Devices) -> Preference:
    """Return what hears the system's default output."""
    monitors = _of_kind(devices, DeviceKind.MONITOR)
    default = _default(monitors)
    if default is not None:
        return Preference(default)
    if monitors:
        return Preference(None, "The system has no default output: choose which one to hear.")
    return Preference(None, "Nothing here hears what is played.")


def preferred_output(devices: Devices) -> Preference:
    """Return the loudspeaker: the system's default, whatever it is."""
    default = _default(_of_kind(devices, DeviceKind.OUTPUT))
    return Preference(default, "" if default else "There is no default output.")


def _of_kind(devices: Devices, kind: DeviceKind) -> list[SoundDevice]:
    return [device for device in devices.devices if device.kind is kind]


def _default(devices: Sequence[SoundDevice]) -> SoundDevice | None:
    return next((device for device in devices if DeviceFlag.DEFAULT in device.flags), None)


def _what(device: SoundDevice) -> str:
    return "an aggregate device" if DeviceFlag.AGGREGATE in device.flags else "virtual"
