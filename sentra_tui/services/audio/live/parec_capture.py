"""Capture through a pipe from `parec`, PulseAudio's recorder: it needs no PortAudio."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.live.backend import OnBlock, OnEnded, capture_channels, stream_properties
from sentra_tui.services.audio.live.mono import to_mono
from sentra_tui.services.audio.live.snapshot import PulseSource

BLOCK_MS = 10
TERMINATE_S = 2.0
_BLOCK_BYTES = FRAME_BYTES * BLOCK_MS // FRAME_MS


class ParecCapture:
    """A Capture."""

    def __init__(self, source: PulseSource, token: str, on_block: OnBlock, on_ended: OnEnded) -> None:
        self._channels = capture_channels(source)
        self._on_block = on_block
        self._on_ended = on_ended
        self._command = [
            "parec", f"--device={source.name}", f"--rate={SAMPLE_RATE_HZ}", f"--channels={self._channels}",
            "--format=s16le", "--raw", f"--latency-msec={2 * BLOCK_MS}", f"--process-time-msec={BLOCK_MS}",
            *(f"--property={name}={value}" for name, value in stream_properties(token).items()),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    async def open(self) -> None:
        """Start it; raises SourceError. What the server says against it comes as the end of the stream."""
        try:
            await asyncio.to_thread(self._start)
        except OSError as error:
            raise SourceError(f"parec does not start: {clean_line(str(error))}.") from error

    async def close(self) -> None:
        """End it, kindly: PulseAudio 16 may abort when a client is killed."""
        self._closed = True
        if self._process is not None:
            await asyncio.to_thread(self._end, self._process)

    def _start(self) -> None:
        # PortAudio's streams may be opening on other threads: their variables are not for this one.
        environ = {name: value for name, value in os.environ.items() if name not in ("PULSE_SOURCE", "PULSE_PROP")}
        process = subprocess.Popen(
            self._command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a ctrl-c in the terminal is for us alone
        )
        self._process = process
        threading.Thread(target=self._read, args=(process,), name="parec", daemon=True).start()
        if self._closed:
            self._end(process)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        size = _BLOCK_BYTES * self._channels
        with process.stdout, process.stderr:
            while len(block := process.stdout.read(size)) == size:
                self._on_block(to_mono(block, self._channels))
            said = clean_line(process.stderr.read(4096).decode(errors="replace"), 80)
        process.wait()
        if not self._closed:
            self._on_ended(f"parec ended: {said}." if said else "It was unplugged, or the sound server stopped.")

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(TERMINATE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
