"""PortAudio: is it there, and if not, what brings it?

`sounddevice` is imported only when sound is wanted: without the library its import fails, and it takes its time.
"""

from __future__ import annotations

import atexit
import platform
import threading
from types import ModuleType

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line

turn = threading.Lock()
"""Held while PortAudio lists, opens or closes devices, or begins again: two threads that do so at once crash it."""

_INSTALL = {
    "debian": "sudo apt-get install libportaudio2 libasound2-plugins",
    "fedora": "sudo dnf install portaudio alsa-plugins-pulseaudio",
    "arch": "sudo pacman -S portaudio alsa-plugins",
    "suse": "sudo zypper install libportaudio2 alsa-plugins-pulse",
    "alpine": "sudo apk add portaudio alsa-plugins-pulse",
}
_FAMILIES = {
    "ubuntu": "debian", "linuxmint": "debian", "raspbian": "debian", "pop": "debian",
    "rhel": "fedora", "centos": "fedora", "rocky": "fedora", "almalinux": "fedora",
    "manjaro": "arch", "endeavouros": "arch", "opensuse": "suse", "opensuse-leap": "suse",
    "opensuse-tumbleweed": "suse", "sles": "suse",
}  # fmt: skip


def load() -> ModuleType:
    """Return the `sounddevice` module; raises SourceError where PortAudio is missing or does not start."""
    try:
        import sounddevice
    except OSError as error:
        raise SourceError("PortAudio is not installed.", hint=install_hint()) from error
    except Exception as error:  # its own PortAudioError cannot be named: the module that defines it did not load
        cause = clean_line(str(error))
        raise SourceError(f"The sound system does not start: {cause}.", hint="Use a WAV file instead.") from error
    # At the exit of the program it would end PortAudio, and wait for ever for a sound server that hangs.
    atexit.unregister(sounddevice._exit_handler)
    return sounddevice  # type: ignore[no-any-return]


def install_hint(system: str | None = None, os_release: dict[str, str] | None = None) -> str:
    """Return what brings PortAudio to this system, in one line.

    `system` is as of `platform.system`, `os_release` the fields of os-release(5).
    """
    system = platform.system() if system is None else system
    if system in ("Darwin", "Windows"):
        return "Install sounddevice again: its wheel for this system brings PortAudio."
    if os_release is None:
        os_release = _os_release()
    for name in (os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()):
        command = _INSTALL.get(_FAMILIES.get(name, name))
        if command:
            return f"Install it with: {command}"
    return "Install the PortAudio library (libportaudio2) with your package manager."


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def sound_error(what: str, error: BaseException) -> SourceError:
    """Return what to tell the user when a device does not open; `what` names it at the start of a sentence."""
    cause = clean_line(str(error)).rstrip(".")
    return SourceError(f"{what} cannot be opened: {cause}.", hint="Check the sound settings, or use a WAV file.")
