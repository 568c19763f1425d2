"""The devices that PortAudio knows: those of Windows, macOS, and of ALSA where there is no sound server.

Run as a program it prints them as JSON: PortAudio never notices what is plugged in later, and looking again in the
same process ends every stream that is open. A process of its own always looks afresh, and cannot take us with it.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceFlag, DeviceKind, SoundDevice
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio import portaudio
from sentra_tui.services.audio.inventory.classify import portaudio_flags
from sentra_tui.services.audio.inventory.node import PortAudioNode
from sentra_tui.services.audio.inventory.words import note_on, source_word

_WASAPI = "Windows WASAPI"
"""The one of Windows' four host APIs that has whole names; the others list the same devices again."""


def list_portaudio() -> tuple[SoundDevice, ...]:
    """Return the devices that PortAudio found when it started. Blocks; raises SourceError where it is missing.

    Where it found none it is started again, once: there may be some by now, and no stream that this could end.
    """
    with portaudio.turn:
        sounddevice = portaudio.load()
        try:
            return _query(sounddevice) or _query_again(sounddevice)
        except sounddevice.PortAudioError as error:
            raise SourceError(f"PortAudio does not list its devices: {clean_line(str(error))}.") from error


def _query(sounddevice: Any) -> tuple[SoundDevice, ...]:
    return portaudio_devices(sounddevice.query_devices(), sounddevice.query_hostapis())


def _query_again(sounddevice: Any) -> tuple[SoundDevice, ...]:
    sounddevice._terminate()
    sounddevice._initialize()
    return _query(sounddevice)


def portaudio_devices(devices: Any, host_apis: Any) -> tuple[SoundDevice, ...]:
    """Return what `sounddevice.query_devices` and `query_hostapis` gave, as devices: inputs first."""
    names = [api["name"] for api in host_apis]
    wanted = {names.index(_WASAPI)} if _WASAPI in names else set(range(len(names)))
    first = next((api for api in host_apis if api["devices"] and names.index(api["name"]) in wanted), None)
    found: list[SoundDevice] = []
    for kind, direction in ((DeviceKind.INPUT, "input"), (DeviceKind.OUTPUT, "output")):
        default = first[f"default_{direction}_device"] if first else -1
        found += [
            _device(each, names[each["hostapi"]], kind, each["index"] == default)
            for each in devices
            if each[f"max_{direction}_channels"] > 0 and each["hostapi"] in wanted
        ]
    # Of two with one name only the first can be chosen.
    return tuple({device.source: device for device in reversed(found)}.values())[::-1]


def _device(info: Any, host_api: str, kind: DeviceKind, is_default: bool) -> SoundDevice:
    is_input = kind is DeviceKind.INPUT
    node = PortAudioNode(
        name=info["name"], host_api=host_api, rate_hz=round(info["default_samplerate"]), is_input=is_input
    )
    flags = portaudio_flags(node)
    return SoundDevice(
        source=source_word(kind, f"{host_api}:{info['name']}"),
        name=clean_line(info["name"], 80),
        kind=kind,
        host_api=clean_line(host_api, 40),
        flags=((DeviceFlag.DEFAULT,) if is_default else ()) + flags,
        note=note_on(kind, flags),
    )


def main() -> int:
    """Print the devices on standard output as one JSON array; return 1 where PortAudio is missing."""
    try:
        devices = list_portaudio()
    except SourceError:
        return 1
    sys.stdout.write(msgspec.json.encode(devices).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
