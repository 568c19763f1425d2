"""A sound server of the tests' own: a private PulseAudio with no hardware, which works as root and in parallel.

What is played to the sink `mic_feed` is what the microphone, source `mic`, hears; the loudspeaker is sink `spk`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

# Without norewinds an idle null sink sleeps in blocks of two seconds, and the first sound comes that late.
_SCRIPT = """.fail
load-module module-native-protocol-unix auth-anonymous=1 socket={directory}/native
load-module module-null-sink norewinds=1 sink_name=spk rate=48000 channels=1
load-module module-null-sink norewinds=1 sink_name=mic_feed rate=48000 channels=1
load-module module-remap-source source_name=mic master=mic_feed.monitor
set-default-sink spk
set-default-source mic
"""
# `pulse` itself comes with Debian; to define it again would break the whole ALSA configuration.
_ALSA = """
pcm.sentra_mic { type pulse device "mic" hint { show on description "sentra microphone" } }
pcm.sentra_spk { type pulse device "spk" hint { show on description "sentra loudspeaker" } }
"""
_SYSTEM_ALSA = Path("/usr/share/alsa/alsa.conf")


class PulseServer:
    """A running PulseAudio. Programs find it through the environment variables in `environ`."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="pulse-"))
        (self.directory / "default.pa").write_text(_SCRIPT.format(directory=self.directory))
        (self.directory / "asound.conf").write_text(_ALSA)
        self.environ = {
            "PULSE_SERVER": f"unix:{self.directory}/native",
            "PULSE_COOKIE": f"{self.directory}/cookie",
            "ALSA_CONFIG_PATH": f"{_SYSTEM_ALSA}:{self.directory}/asound.conf",
        }
        self.start()

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        home = str(self.directory)
        private = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"), home)
        # --disable-shm: with shared memory PulseAudio 16 sometimes aborts when a client that plays is killed.
        self._process = subprocess.Popen(
            ["pulseaudio", "-n", "-F", f"{home}/default.pa", "--daemonize=no", "--use-pid-file=no",
             "--exit-idle-time=-1", "--disable-shm=1", "--high-priority=no", "--realtime=no",
             f"--log-target=file:{home}/log"],
            env={"PATH": os.environ["PATH"], **private},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            if (
                subprocess.run(["pactl", "info"], env={**os.environ, **self.environ}, capture_output=True).returncode
                == 0
            ):
                return
            time.sleep(0.05)
        raise RuntimeError((self.directory / "log").read_text()[-500:])

    def kill(self) -> None:
        """End the server as a crash would."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the server and remove its files."""
        self._process.terminate()
        self._process.wait(10)
        shutil.rmtree(self.directory, ignore_errors=True)

    def control(self, *arguments: str) -> str:
        """Run pactl and return what it prints."""
        command = ["pactl", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self._environ).stdout.strip()

    @contextmanager
    def play(self, pcm: bytes, sink: str = "mic_feed") -> Iterator[None]:
        """Play 48 kHz mono s16le to a sink while the context lasts."""
        path = self.directory / "play.raw"
        path.write_bytes(pcm)
        command = ["pacat", "-p", "-d", sink, *_RAW, str(path)]
        process = subprocess.Popen(command, env=self._environ)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def record(self, source: str = "spk.monitor") -> Iterator[PulseRecording]:
        """Record a source while the context lasts."""
        path = self.directory / "record.raw"
        with path.open("wb") as output:
            process = subprocess.Popen(["pacat", "-r", "-d", source, *_RAW], stdout=output, env=self._environ)
            try:
                yield PulseRecording(path)
            finally:
                process.terminate()
                process.wait()

    @property
    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.environ}


_RAW = ["--rate=48000", "--channels=1", "--format=s16le", "--raw", "--latency-msec=20"]


class PulseRecording:
    """What was recorded so far."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def samples(self) -> NDArray[np.int16]:
        """Return it, 48 kHz mono."""
        data = self._path.read_bytes()
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2")


def running_pulse() -> Iterator[PulseServer]:
    """Yield a server that this process' PortAudio uses; skip, by name, what is missing."""
    if not (shutil.which("pulseaudio") and shutil.which("pactl") and shutil.which("pacat")):
        pytest.skip("pulseaudio and pulseaudio-utils are not installed")
    server = PulseServer()
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
        yield server
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        server.close()
