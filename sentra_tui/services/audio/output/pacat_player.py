"""Playback through a pipe to `pacat`, PulseAudio's player: it needs no PortAudio.

A pipe takes two thirds of a second of sound, which a flush could not take back: so at most 20 ms wait in it, which
is seen by how much of it was not read yet.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import os
import re
import subprocess
import termios
import threading
import time

from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.output.player import Fill, OnEnded, stream_properties
from sentra_tui.services.audio.output.ring import BLOCK_BYTES

BLOCK_MS = 10
PIPE_BYTES = 2 * BLOCK_BYTES
LOOK_S = 0.005
START_S = 3.0
TERMINATE_S = 2.0
_STARTED = "Stream started"
_RAN_DRY = "Stream underrun"
_LATENCY_US = re.compile(r"Latency: (-?\d+) usec")
_STARTING = ("Opening", "Connection established", "Stream successfully", "Buffer metrics", "Using", "Connected", "Time")


class PacatPlayer:
    """A Player."""

    def __init__(self, output: str, token: str, latency_s: float, fill: Fill, on_ended: OnEnded) -> None:
        self.xruns = 0
        """How often the output ran dry."""
        latency_ms = round(latency_s * 1000)
        self._fill = fill
        self._on_ended = on_ended
        self._command = [
            "pacat", "--playback", "--verbose", "--raw", "--format=s16le", "--channels=1", f"--rate={SAMPLE_RATE_HZ}",
            f"--latency-msec={latency_ms}", f"--process-time-msec={BLOCK_MS}",
            *([f"--device={output}"] if output else []),
            *(f"--property={name}={value}" for name, value in stream_properties(token).items()),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()
        self._closed = False
        self._server_latency_s = latency_s
        self._said = ""

    @property
    def latency_s(self) -> float:
        """What waits in the pipe, and what pacat says of the sound server and the device behind it."""
        process = self._process
        if process is None or process.poll() is not None:
            return 0.0
        return self._unread_bytes(process) / SAMPLE_BYTES / SAMPLE_RATE_HZ + self._server_latency_s

    async def open(self) -> None:
        """Start it; raises SourceError."""
        try:
            await asyncio.to_thread(self._start)
        except OSError as error:
            raise SourceError(f"pacat does not start: {clean_line(str(error))}.") from error

    async def close(self) -> None:
        """End it, kindly: PulseAudio 16 may abort when a client is killed."""
        self._closed = True
        if self._process is not None:
            await asyncio.to_thread(self._end, self._process)

    def _start(self) -> None:
        # A stream of PortAudio may be opening on another thread: its variables are not for this one.
        hidden = ("PULSE_PROP", "PULSE_SOURCE")
        environ = {name: value for name, value in os.environ.items() if name not in hidden}
        process = subprocess.Popen(
            self._command,
            env={**environ, "LC_ALL": "C"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # a ctrl-c in the terminal is for us alone
        )
        self._process = process
        for work in (self._write, self._listen):
            threading.Thread(target=work, args=(process,), name="pacat", daemon=True).start()
        if self._closed or not self._started.wait(START_S) or process.poll() is not None:
            self._closed = True
            self._end(process)
            raise SourceError(f"pacat does not play: {self._said or 'no sound server answers'}.")

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        with process.stdin, contextlib.suppress(OSError):  # it ended: what it said last tells why
            while process.poll() is None and not self._closed:
                while self._unread_bytes(process) < PIPE_BYTES:
                    process.stdin.write(self._fill())
                time.sleep(LOOK_S)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with process.stderr:
            while said := process.stderr.read(4096):
                for line in re.split(r"[\r\n]+", said.decode(errors="replace")):
                    self._note(clean_line(line, 80))
        process.wait()
        self._started.set()
        if not self._closed:
            self._on_ended(f"pacat ended: {self._said}." if self._said else "The sound server stopped.")

    def _note(self, line: str) -> None:
        latency = _LATENCY_US.search(line)
        if latency is not None:
            self._server_latency_s = max(0.0, int(latency[1]) / 1_000_000)
        elif line.startswith(_STARTED):
            self._started.set()
        elif line.startswith(_RAN_DRY):
            self.xruns += 1
        elif line and not line.startswith(_STARTING):
            self._said = line.rstrip(".")

    def _unread_bytes(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdin is not None
        unread = array.array("i", [0])
        try:
            fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, unread)
        except (OSError, ValueError):  # closed just now
            return PIPE_BYTES
        return unread[0]

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(TERMINATE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
