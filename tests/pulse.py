"""A sound server of the tests' own: a private PulseAudio with no hardware, which works as root and in parallel."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.sound_server import Recording as PulseRecording
from tests.sound_server import SoundServer

__all__ = ["PulseRecording", "PulseServer", "SoundServer", "running_pulse", "used_by_this_process"]

_SCRIPT = """.fail
load-module module-native-protocol-unix auth-anonymous=1 socket={directory}/native
{devices}
set-default-sink spk
set-default-source mic
"""


class PulseServer(SoundServer):
    """A running PulseAudio."""

    # Without norewinds an idle null sink sleeps in blocks of two seconds, and the first sound comes that late.
    NULL_SINK = "module-null-sink norewinds=1 rate=48000 channels=1"

    def __init__(self) -> None:
        super().__init__("native")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        home = str(self.directory)
        devices = "\n".join(f"load-module {module}" for module in self.devices.values())
        (self.directory / "default.pa").write_text(_SCRIPT.format(directory=home, devices=devices))
        private = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"), home)
        # --disable-shm: with shared memory PulseAudio 16 sometimes aborts when a client that plays is killed.
        self._launch(
            ["pulseaudio", "-n", "-F", f"{home}/default.pa", "--daemonize=no", "--use-pid-file=no",
             "--exit-idle-time=-1", "--disable-shm=1", "--high-priority=no", "--realtime=no"],
            {"PATH": os.environ["PATH"], **private},
            "pulseaudio.log",
        )  # fmt: skip
        self._await(self._answers, "PulseAudio answers")


@contextmanager
def used_by_this_process(server: SoundServer) -> Iterator[None]:
    """Have this process' PortAudio use a server; skip, by name, where there is no PortAudio."""
    before = {name: os.environ.get(name) for name in server.environ}
    os.environ.update(server.environ)
    try:
        try:
            import sounddevice
        except OSError:
            pytest.skip("PortAudio is not installed")
        # It may have been imported before there was a server to find.
        sounddevice._terminate()
        sounddevice._initialize()
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def running_pulse() -> Iterator[PulseServer]:
    """Yield a server that this process' PortAudio uses; skip, by name, what is missing."""
    if not (shutil.which("pulseaudio") and shutil.which("pactl") and shutil.which("pacat")):
        pytest.skip("pulseaudio and pulseaudio-utils are not installed")
    server = PulseServer()
    try:
        with used_by_this_process(server):
            yield server
    finally:
        server.close()
