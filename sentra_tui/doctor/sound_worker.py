"""Looks at sound, in a process of its own: sound libraries print, hang and crash.

`python -m sentra_tui.doctor.sound_worker SOURCES` (JSON) prints one JSON line for each check.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from sentra_tui.doctor.check import Outcome, failed, ok, skipped, warning
from sentra_tui.doctor.listening import listen
from sentra_tui.doctor.sound import NOT_LISTENED, Sources, Told
from sentra_tui.domain.errors import SentraError
from sentra_tui.domain.sound import DeviceKind, Devices, SoundDevice
from sentra_tui.services.audio import portaudio
from sentra_tui.services.audio.inventory.listing import HANGS, has_sound_server, list_devices
from sentra_tui.services.audio.inventory.portaudio_devices import list_portaudio
from sentra_tui.services.audio.inventory.preference import Preference, preferred_input, preferred_loopback
from sentra_tui.services.audio.inventory.quiet import native_errors_dropped

RESTART = "Run: systemctl --user restart pipewire pipewire-pulse wireplumber (or: pulseaudio -k)"
NO_SERVER = "Start one: systemctl --user start pipewire-pulse (or: pulseaudio --start)"
_SERVERS = ("PulseAudio", "PipeWire")
_WORDS = {DeviceKind.INPUT: "device", DeviceKind.MONITOR: "loopback"}
_CARDS = Path("/dev/snd")
_CHOOSE = "Choose one: `sentra-tui devices` names them, --mic and --speaker take them."


def main(sources: Sources) -> None:
    """Print what was found as it is found."""
    listened = sources.mic if sources.mic.startswith("device") else "device"
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")

    def tell(look: Callable[[], Outcome]) -> None:
        began_s = time.monotonic()
        try:
            outcome = look() if devices.reason != HANGS else skipped("The sound server comes first.")
        except SentraError as error:
            outcome = failed(error.message, error.hint)
        told = Told(outcome, round(1000 * (time.monotonic() - began_s)))
        print(msgspec.json.encode(told).decode(), file=out, flush=True)

    devices = Devices()
    with native_errors_dropped():  # in the order of NAMES

        def list_them() -> Outcome:
            nonlocal devices
            devices = list_devices()
            return server(devices)

        tell(list_them)
        tell(lambda: library(devices))
        tell(lambda: kind(devices, DeviceKind.INPUT, sources.mic, preferred_input(devices)))
        tell(lambda: kind(devices, DeviceKind.MONITOR, sources.speaker, preferred_loopback(devices)))
        tell(lambda: permission(devices))
        tell(lambda: listen(listened) if sources.listen else skipped(*NOT_LISTENED))
    os._exit(0)  # PortAudio would wait for a sound server that hangs


def server(devices: Devices) -> Outcome:
    """Return what was said of the sound server."""
    if devices.reason == HANGS:
        return failed("The sound server does not answer.", RESTART)
    if not has_sound_server():
        return ok(devices.backend) if devices.backend else failed(devices.reason or "There is no sound system.")
    if any(name in devices.backend for name in _SERVERS):
        return warning(f"{devices.backend}. {devices.reason}") if devices.reason else ok(devices.backend)
    return failed(devices.reason or "No sound server answers.", NO_SERVER)


def library(devices: Devices) -> Outcome:
    """Return whether PortAudio loads, and lists."""
    version = portaudio.load().get_portaudio_version()[1].split(",")[0]
    return ok(f"{version}, {len(list_portaudio())} devices")


def kind(devices: Devices, wanted: DeviceKind, chosen: str, preference: Preference) -> Outcome:
    """Return whether the device of a kind that was chosen is there, else which is used, and how many there are."""
    if ":" in chosen and chosen.startswith(_WORDS[wanted]):
        device = next((each for each in devices.devices if each.kind is wanted and _is(each, chosen)), None)
        return ok(f"{device.name} ({chosen})") if device else failed(f"There is no {chosen}.", _CHOOSE)
    count = sum(device.kind is wanted for device in devices.devices)
    if preference.device is None:
        return failed(preference.reason or "There is none.", _CHOOSE if count else _NONE[wanted])
    found = f"{preference.device.name} ({preference.device.source})"
    others = f", and {count - 1} more" if count > 1 else ""
    if preference.reason:
        return warning(f"{found}{others}. {preference.reason}", _CHOOSE)
    return ok(f"{found}{others}")


def _is(device: SoundDevice, chosen: str) -> bool:
    """Whether a choice means this device: by its source, or, without a sound server, by a part of its name."""
    part = chosen.partition(":")[2].strip().casefold()
    return device.source == chosen or (device.host_api not in _SERVERS and part in device.name.casefold())


def permission(devices: Devices) -> Outcome:
    """Return whether we may record, as far as that shows without recording."""
    if sys.platform == "darwin":
        return skipped("Only a recording tells: add --listen.", _MAC)
    if sys.platform == "win32":
        return skipped("Only a recording tells: add --listen.", _WINDOWS)
    if any(name in devices.backend for name in _SERVERS):
        return ok("The sound server records for us.")
    cards = sorted(_CARDS.glob("pcmC*c"))
    if not cards:
        return skipped("There is no sound card that records.")
    if any(os.access(card, os.R_OK | os.W_OK) for card in cards):
        return ok(f"{len(cards)} inputs in {_CARDS} can be opened.")
    return failed(f"The inputs in {_CARDS} may not be opened.", "Run: sudo usermod -aG audio $USER, and log in again.")


_NONE = {
    DeviceKind.INPUT: "Plug one in, or use a recording: --mic FILE.wav",
    DeviceKind.MONITOR: "A sound server (PulseAudio, PipeWire) brings one; or use a recording: --speaker FILE.wav",
}
_MAC = "Allow this terminal: System Settings > Privacy & Security > Microphone"
_WINDOWS = "Settings > Privacy & security > Microphone > Let desktop apps access your microphone"


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Sources))
