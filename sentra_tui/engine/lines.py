"""Lines in and out of the engine, on threads of their own.

Standard streams may be pipes, terminals or files, on any system; a thread that blocks on one works with all of them,
and the event loop, which paces sound, never waits for whoever reads us.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import BinaryIO

LINE_BYTES_MAX = 1 << 20


class LineReader:
    """Reads lines from `stream` on a thread and hands each to `on_line` in the event loop; None at the end."""

    def __init__(self, stream: BinaryIO, on_line: Callable[[bytes | None], None]) -> None:
        self._stream = stream
        self._on_line = on_line
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._read, name="lines-in", daemon=True)

    def start(self) -> None:
        """Begin to read. The thread ends at the end of the stream, or with the process."""
        self._thread.start()

    def _read(self) -> None:
        while line := self._stream.readline(LINE_BYTES_MAX):
            self._tell(line)
        self._tell(None)

    def _tell(self, line: bytes | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(self._on_line, line)


class LineWriter:
    """Writes bytes to a file descriptor on a thread. A reader that went away is noticed, not raised."""

    def __init__(self, descriptor: int, on_gone: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="lines-out", daemon=True)

    @property
    def backlog(self) -> int:
        """How many writes wait for the reader."""
        return self._queue.qsize()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue `data`."""
        self._queue.put(data)

    def close(self, timeout_s: float) -> None:
        """Write what is queued, for at most `timeout_s`."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _write(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                self._write_all(memoryview(data))
        except OSError:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._on_gone)

    def _write_all(self, data: memoryview) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]
