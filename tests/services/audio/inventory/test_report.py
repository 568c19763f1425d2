"""The devices as a table: whatever they are called, it obeys nobody, and its columns stand."""

from __future__ import annotations

from sentra_tui.domain.sound import DeviceFlag, DeviceKind, Devices, SoundDevice
from sentra_tui.services.audio.inventory.report import report_text


def microphone(source: str, name: str) -> SoundDevice:
    return SoundDevice(f"device:{source}", name, DeviceKind.INPUT, flags=(DeviceFlag.BLUETOOTH,))


def rows(*devices: SoundDevice) -> list[str]:
    return [line for line in report_text(Devices(devices)).splitlines() if "bluetooth" in line]


def test_what_chooses_a_device_does_not_obey_the_terminal() -> None:
    (row,) = rows(microphone("mic\x1b]0;pwned\x07\nnext", "Mic"))
    assert "device:mic␛]0;pwned␇ next" in row


def test_columns_stand_beside_wide_names() -> None:
    plain, wide = rows(microphone("plain", "Microphone (USB)"), microphone("wide", "会議室マイク"))
    assert plain.index("bluetooth") == wide.index("bluetooth") + len("会議室マイク")
