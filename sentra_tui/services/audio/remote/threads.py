"""Standard streams as byte pipes, on threads of their own: any kind of pipe on any system, and the loop never waits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable

READ_BYTES = 1 << 16
WAITING_MAX = 100
"""How many writes may wait for a slow network, two seconds of sound; more are dropped."""


class BytesReader:
    """Reads a descriptor and hands the bytes to `on_bytes` in the loop; nothing at the end."""

    def __init__(self, descriptor: int, on_bytes: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._on_bytes = on_bytes
        self._loop = asyncio.get_running_loop()
        # A read cannot be ended from outside: it must not keep the process.
        threading.Thread(target=self._read, name="bytes-in", daemon=True).start()

    def _read(self) -> None:
        data = b"."
        while data:
            try:
                data = os.read(self._descriptor, READ_BYTES)
            except OSError:
                data = b""
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
                self._loop.call_soon_threadsafe(self._on_bytes, data)


class BytesWriter:
    """Writes to a descriptor; `on_gone` is told in the loop when nobody reads any more."""

    def __init__(self, descriptor: int, on_gone: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="bytes-out", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue bytes; never blocks."""
        if self._queue.qsize() < WAITING_MAX:
            self._queue.put(data)

    def close(self, timeout_s: float) -> None:
        """Write what is queued, for at most so long."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _write(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._on_gone)
