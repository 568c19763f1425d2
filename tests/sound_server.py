"""What the tests do with a sound server of their own, whichever it is, by `pactl` and `pacat`.

What is played to the sink `mic_feed` is what the microphone, source `mic`, hears; the loudspeaker is sink `spk`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

START_DEADLINE_S = 30.0
END_DEADLINE_S = 10.0
# `pulse` itself comes with Debian; to define it again would break the whole ALSA configuration.
_ALSA = """
pcm.sentra_mic { type pulse device "mic" hint { show on description "sentra microphone" } }
pcm.sentra_spk { type pulse device "spk" hint { show on description "sentra loudspeaker" } }
"""
_SYSTEM_ALSA = Path("/usr/share/alsa/alsa.conf")
_RAW = ["--rate=48000", "--channels=1", "--format=s16le", "--raw", "--latency-msec=20"]
_file_numbers = count()


class Recording:
    """What was recorded so far."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def samples(self) -> NDArray[np.int16]:
        """Return it, 48 kHz mono."""
        data = self._path.read_bytes()
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2")


class SoundServer(ABC):
    """A running server with `spk`, `mic_feed` and `mic`. Programs find it through the variables in `environ`."""

    NULL_SINK = "module-null-sink rate=48000 channels=1"
    MICROPHONE = "module-remap-source master=mic_feed.monitor channels=1 channel_map=mono"

    def __init__(self, socket: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="sound-"))
        (self.directory / "asound.conf").write_text(_ALSA)
        self.environ = {
            "PULSE_SERVER": f"unix:{self.directory}/{socket}",
            "PULSE_COOKIE": f"{self.directory}/cookie",
            "ALSA_CONFIG_PATH": f"{_SYSTEM_ALSA}:{self.directory}/asound.conf",
        }
        self.devices = {
            "spk": f"{self.NULL_SINK} sink_name=spk",
            "mic_feed": f"{self.NULL_SINK} sink_name=mic_feed",
            "mic": f"{self.MICROPHONE} source_name=mic",
        }
        """The modules of what is plugged in from the start; `add_sink` and `add_microphone` add others."""
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    # The server itself

    @abstractmethod
    def start(self) -> None:
        """Start the server, and wait until it answers."""

    def kill(self) -> None:
        """End the server as a crash would."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        self._processes.clear()

    def restart(self) -> None:
        """Crash it and start it anew."""
        self.kill()
        self.start()

    def close(self) -> None:
        """End the server and remove its files."""
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(END_DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def control(self, *arguments: str) -> str:
        """Run pactl and return what it prints."""
        command = ["pactl", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environ, timeout=START_DEADLINE_S)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def listed(self, what: str) -> list[dict[str, Any]]:
        """Return what pactl lists: `sinks`, `sources`, `sink-inputs`, `source-outputs`."""
        found: list[dict[str, Any]] = json.loads(self.control("--format=json", "list", what))
        return found

    # What is plugged in

    def plug(self, name: str) -> None:
        """Plug a device in."""
        self.control("load-module", *self.devices[name].split())
        self._await(lambda: name in self._names(), f"{name} is plugged in")

    def unplug(self, name: str) -> None:
        """Unplug a device; the server moves its streams elsewhere, where there is an elsewhere."""
        for line in self.control("list", "short", "modules").splitlines():
            index, _, arguments = line.partition("\t")
            if f"_name={name} " in f"{arguments} ".replace("\t", " "):
                self.control("unload-module", index)
        self._await(lambda: name not in self._names(), f"{name} is unplugged")

    @contextmanager
    def unplugged(self, name: str) -> Iterator[None]:
        """Have a device unplugged while the context lasts."""
        self.unplug(name)
        try:
            yield
        finally:
            self.plug(name)

    @contextmanager
    def added(self, name: str, *, microphone: bool = False) -> Iterator[None]:
        """Have one more sink (its monitor is `NAME.monitor`), or one more microphone, while the context lasts."""
        source = f"{self.MICROPHONE} source_name={name} source_properties=device.description={name}"
        sink = f"{self.NULL_SINK} sink_name={name} sink_properties=device.description={name}"
        self.devices[name] = source if microphone else sink
        self.plug(name)
        try:
            yield
        finally:
            self.unplug(name)
            del self.devices[name]

    @contextmanager
    def default_sink(self, name: str) -> Iterator[None]:
        """Have another default sink while the context lasts."""
        before = self.control("get-default-sink")
        self._make_default("sink", name)
        try:
            yield
        finally:
            self._make_default("sink", before)

    @contextmanager
    def suspended(self, name: str, kind: str = "source") -> Iterator[None]:
        """Have a source or a sink suspended while the context lasts."""
        self.control(f"suspend-{kind}", name, "1")
        try:
            yield
        finally:
            self.control(f"suspend-{kind}", name, "0")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have the server hang."""
        for process in self._processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self._processes:
                process.send_signal(signal.SIGCONT)

    def move_stream(self, kind: str, index: int, to: str) -> None:
        """Move a `sink-input` or a `source-output` to another device."""
        self.control(f"move-{kind}", str(index), to)

    # Sound

    @contextmanager
    def room(self, latency_ms: int = 60, volume: float = 1.0) -> Iterator[None]:
        """Have the microphone hear the loudspeaker while the context lasts: `volume` is the share of its amplitude."""
        module = self.control(
            "load-module", "module-loopback", "source=spk.monitor", "sink=mic_feed", f"latency_msec={latency_ms}",
            "channels=1", "channel_map=mono", "adjust_time=0", "source_dont_move=true", "sink_dont_move=true",
        )  # fmt: skip
        try:
            inputs = self._await(lambda: self._sink_inputs_of(module), "the room sounds")
            # pactl's plain numbers are cubic: this one is linear.
            self.control("set-sink-input-volume", str(inputs[0]), f"{20 * np.log10(max(volume, 1e-5)):.2f}dB")
            yield
        finally:
            self.control("unload-module", module)

    @contextmanager
    def play(self, pcm: bytes, sink: str = "mic_feed") -> Iterator[None]:
        """Play 48 kHz mono s16le to a sink while the context lasts."""
        path = self.directory / f"play-{next(_file_numbers)}.raw"
        path.write_bytes(pcm)
        with self._running(["pacat", "-p", "-d", sink, *_RAW, str(path)], subprocess.DEVNULL):
            yield
        path.unlink(missing_ok=True)

    @contextmanager
    def record(self, source: str = "spk.monitor") -> Iterator[Recording]:
        """Record a source while the context lasts."""
        path = self.directory / f"record-{next(_file_numbers)}.raw"
        with path.open("wb") as output, self._running(["pacat", "-r", "-d", source, *_RAW], output):
            yield Recording(path)

    # Inside

    @property
    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.environ}

    @contextmanager
    def _running(self, command: list[str], output: Any) -> Iterator[None]:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, env=self._environ)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def _launch(self, command: list[str], environ: dict[str, str], log: str) -> None:
        with (self.directory / log).open("ab") as output:
            self._processes.append(
                subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            )

    def _answers(self) -> bool:
        for process in self._processes:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args!r} ended: {self._log()}")
        return subprocess.run(["pactl", "info"], env=self._environ, capture_output=True).returncode == 0

    def _await(self, condition: Callable[[], Any], what: str) -> Any:
        due_s = time.monotonic() + START_DEADLINE_S
        while not (outcome := condition()):
            if time.monotonic() > due_s:
                raise RuntimeError(f"never so: {what}. {self._log()}")
            time.sleep(0.05)
        return outcome

    def _make_default(self, kind: str, name: str) -> None:
        self.control(f"set-default-{kind}", name)
        self._await(lambda: self.control(f"get-default-{kind}") == name, f"{name} is the default {kind}")

    def _names(self) -> set[str]:
        listed = self.control("list", "short", "sinks") + "\n" + self.control("list", "short", "sources")
        return {line.split("\t")[1] for line in listed.splitlines() if line}

    def _sink_inputs_of(self, module: str) -> list[int]:
        return [each["index"] for each in self.listed("sink-inputs") if str(each["owner_module"]) == module]

    def _log(self) -> str:
        return " ".join(path.read_text(errors="replace")[-300:] for path in self.directory.glob("*log"))
