"""The second lane: a private PipeWire with WirePlumber and its PulseAudio door, on a message bus of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.sound_server import SoundServer

PROGRAMS = ("pipewire", "wireplumber", "pipewire-pulse", "dbus-daemon", "pactl", "pacat")


class PipeWireServer(SoundServer):
    """A running PipeWire."""

    def __init__(self) -> None:
        super().__init__("pulse/native")

    def start(self) -> None:
        """Start the server with its helpers, and wait until it answers and has its devices."""
        home = str(self.directory)
        bus = f"unix:path={home}/bus"
        private = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "PIPEWIRE_RUNTIME_DIR"), home)
        environ = {"PATH": os.environ["PATH"], "DBUS_SESSION_BUS_ADDRESS": bus, **private}
        for stale in ("bus", "pipewire-0", "pulse/native"):
            (self.directory / stale).unlink(missing_ok=True)
        # WirePlumber ends where there is no session bus.
        command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={bus}"]
        self._launch(command, environ, "dbus.log")
        self._await((self.directory / "bus").exists, "the bus is there")
        self._launch(["pipewire"], environ, "pipewire.log")
        self._await((self.directory / "pipewire-0").exists, "PipeWire is there")
        self._launch(["wireplumber"], environ, "wireplumber.log")
        self._launch(["pipewire-pulse"], environ, "pipewire-pulse.log")
        self._await(self._answers, "PipeWire answers")
        for name in self.devices:
            self.plug(name)
        self._make_default("sink", "spk")
        self._make_default("source", "mic")


def running_pipewire() -> Iterator[PipeWireServer]:
    """Yield a server; skip, by name, what is missing."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    server = PipeWireServer()
    try:
        yield server
    finally:
        server.close()
