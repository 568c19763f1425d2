import os
import subprocess
import sys
from pathlib import Path

import pytest

from sentra_tui.services.audio.portaudio import install_hint

ALSA_CONFIG = Path("/usr/share/alsa/alsa.conf")


@pytest.mark.parametrize(
    ("os_release", "command"),
    [
        ({"ID": "debian"}, "sudo apt-get install libportaudio2"),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "sudo apt-get install libportaudio2"),
        ({"ID": "elementary", "ID_LIKE": "ubuntu debian"}, "sudo apt-get install libportaudio2"),
        ({"ID": "fedora"}, "sudo dnf install portaudio"),
        ({"ID": "ol", "ID_LIKE": "fedora"}, "sudo dnf install portaudio"),
        ({"ID": "arch"}, "sudo pacman -S portaudio"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "sudo zypper install libportaudio2"),
        ({"ID": "alpine"}, "sudo apk add portaudio"),
        ({"ID": "plan9"}, "your package manager"),
        ({}, "your package manager"),
    ],
)
def test_the_hint_is_the_command_of_the_distribution(os_release: dict[str, str], command: str) -> None:
    assert command in install_hint("Linux", os_release)


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_other_systems_bring_it_in_the_wheel(system: str) -> None:
    assert "wheel" in install_hint(system, {})


def open_device(alsa_config: Path, without: str = "") -> str:
    """Open the microphone where there is no sound server, and `find_library` does not know `without`."""
    program = (
        "import asyncio, ctypes.util\n"
        "found = ctypes.util.find_library\n"
        f"ctypes.util.find_library = lambda name: None if name == {without!r} else found(name)\n"
        "from sentra_tui.domain.errors import SourceError\n"
        "from sentra_tui.services.audio.sources import open_source\n"
        "try:\n    asyncio.run(open_source('device'))\n"
        "except SourceError as error:\n    print(error)\n"
    )
    environ = {**os.environ, "ALSA_CONFIG_PATH": str(alsa_config), "PULSE_SERVER": "unix:/nowhere"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the wheel brings PortAudio")
def test_missing_portaudio_is_said_with_what_brings_it() -> None:
    said = open_device(ALSA_CONFIG, without="portaudio")
    assert said.startswith("PortAudio is not installed. Install ")
    assert said.count("\n") == 1


@pytest.mark.skipif(not ALSA_CONFIG.is_file(), reason="ALSA is not installed")
@pytest.mark.parametrize("broken", [False, True])
def test_no_device_is_one_clear_line(tmp_path: Path, broken: bool) -> None:
    (tmp_path / "asound.conf").write_text("pcm.x {")
    said = open_device(tmp_path / "asound.conf" if broken else ALSA_CONFIG)
    assert said.count("\n") == 1
    assert "microphone" in said or "PortAudio" in said or "sound system" in said
