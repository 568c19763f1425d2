"""All devices, by the best way there is."""

from __future__ import annotations

import shutil
import sys
import threading
from concurrent.futures import Future

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Devices, SoundDevice
from sentra_tui.services.audio import portaudio
from sentra_tui.services.audio.inventory.portaudio_devices import list_portaudio
from sentra_tui.services.audio.inventory.sound_server import ServerInventory, list_server
from sentra_tui.services.audio.loopback.monitors import list_loopbacks

ANSWER_S = 3.0
_PULSE_PCM = "pulse"
_NO_PLUGIN = "PortAudio does not see the sound server (ALSA's pulse plug-in is missing)."
HANGS = "The sound server does not answer: restart it."


def has_sound_server() -> bool:
    """Return whether a sound server may be asked on this system."""
    return sys.platform == "linux"


def list_devices() -> Devices:
    """Return the devices, none of them where there is no sound system: then `reason` says what is missing.

    Blocks for up to 0.2 s, most of it importing; 3 s where a server hangs. One answer that did not come is no proof
    of absence: what fails is asked once more.
    """
    if not has_sound_server():
        return _through_portaudio()
    asked: Future[ServerInventory] = Future()
    threading.Thread(target=_ask, args=(asked,), name="sound-server-list", daemon=True).start()
    try:
        return from_server(asked.result(ANSWER_S))
    except TimeoutError:
        # Nor would PortAudio come back from it: ALSA's default device is the same server.
        return Devices(reason=HANGS)
    except SourceError as no_server:
        return _through_portaudio(no_server.message)


def from_server(inventory: ServerInventory) -> Devices:
    """Return what a sound server has, with how its sound is reached from here."""
    trouble = _portaudio_trouble()
    if not trouble:
        return Devices(inventory.devices, backend=f"{inventory.server} through PortAudio")
    if shutil.which("parec") and shutil.which("pacat"):
        return Devices(inventory.devices, backend=f"{inventory.server} through parec and pacat", reason=trouble)
    return Devices(inventory.devices, reason=f"{trouble} Without it, or parec and pacat, no sound can be taken.")


def _ask(asked: Future[ServerInventory]) -> None:
    try:
        asked.set_result(_asked_twice())
    except Exception as error:  # noqa: BLE001  the edge of a thread: whatever it is belongs to who waits
        asked.set_exception(error)


def _asked_twice() -> ServerInventory:
    try:
        return list_server()
    except SourceError:
        return list_server()


def _portaudio_trouble() -> str:
    """Return why PortAudio does not reach the sound server, empty where it does."""
    try:
        names = {device.name for device in list_portaudio()}
    except SourceError as error:
        return str(error)
    if _PULSE_PCM in names:
        return ""
    return f"{_NO_PLUGIN} {portaudio.install_hint()}"


def _through_portaudio(no_server: str = "") -> Devices:
    try:
        devices = list_portaudio()
    except SourceError as error:
        return Devices(reason=f"{no_server} {error}".strip())
    if not devices:
        return Devices(reason=f"{no_server} PortAudio finds no device.".strip())
    monitors, reason = _loopbacks()
    backend = f"{devices[0].host_api} through PortAudio"
    return Devices(devices + monitors, backend=backend, reason=f"{no_server} {reason}".strip())


def _loopbacks() -> tuple[tuple[SoundDevice, ...], str]:
    """Return the outputs that can be heard, and why there are none."""
    try:
        return list_loopbacks(), ""
    except SourceError as error:
        return (), str(error)
