"""A private sound server to measure on: what is played on it, and when, to the sample.

The clock of a recording is found from its own arrivals: a sample cannot arrive before it was played, so the earliest
arrival of all, for its place, gives the constant delay of the recorder; whoever compares two moments of one recording
need not know it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.measurement import CannotMeasure
from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from tests.pulse import PulseServer

MONITOR = "spk.monitor"
MICROPHONE = "mic_feed.monitor"
_READ_BYTES = 960
_COMMANDS = ("pulseaudio", "pactl", "pacat")


@contextmanager
def private_sound() -> Iterator[PulseServer]:
    """Start a sound server that this process uses from now on; `environ` is for others.

    Raises CannotMeasure where there is none to start.
    """
    missing = [command for command in _COMMANDS if shutil.which(command) is None]
    if missing:
        raise CannotMeasure(f"{', '.join(missing)} not installed: the packages pulseaudio and pulseaudio-utils have it")
    try:
        from tests.pulse import PulseServer
    except ImportError as error:
        raise CannotMeasure(f"the tests' sound server cannot be had: {error}") from error
    try:
        server = PulseServer()
    except RuntimeError as error:
        raise CannotMeasure(f"PulseAudio does not start: {error}") from error
    os.environ.update(server.environ)
    try:
        yield server
    finally:
        server.close()


class Recording:
    """A source of the sound server, recorded since its beginning with the time of each arrival."""

    def __init__(self, sound: IO[bytes]) -> None:
        self._sound = sound
        self._data = bytearray()
        self._earliest_s = float("inf")
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, name="recording", daemon=True)
        self._thread.start()

    def time_of(self, sample: int) -> float:
        """Return when this sample was played, on the monotonic clock, plus the recorder's constant delay."""
        with self._lock:
            return self._earliest_s + sample / SAMPLE_RATE_HZ

    def samples(self, start: int = 0) -> NDArray[np.int16]:
        """Return what was recorded, from this sample on."""
        with self._lock:
            data = bytes(self._data[max(0, start) * SAMPLE_BYTES :])
        return np.frombuffer(data[: len(data) // SAMPLE_BYTES * SAMPLE_BYTES], "<i2")

    def __len__(self) -> int:
        return len(self._data) // SAMPLE_BYTES

    def _read(self) -> None:
        while chunk := self._sound.read(_READ_BYTES):
            now_s = time.monotonic()
            with self._lock:
                self._data += chunk
                began_s = now_s - len(self._data) / SAMPLE_BYTES / SAMPLE_RATE_HZ
                self._earliest_s = min(self._earliest_s, began_s)

    def join(self) -> None:
        """Wait for the end of what is recorded."""
        self._thread.join()


@contextmanager
def recording(source: str) -> Iterator[Recording]:
    """Record a source of the server while the context lasts."""
    command = ["pacat", "-r", "-d", source, "--rate=48000", "--channels=1", "--format=s16le", "--raw",
               "--latency-msec=10"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    recorded = Recording(process.stdout)
    try:
        yield recorded
    finally:
        process.terminate()
        process.wait()
        recorded.join()
        process.stdout.close()
