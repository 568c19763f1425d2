"""A program in a pseudo-terminal: what it wrote, byte by byte, and how it ended."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 20.0


class PtySession:
    """Owns one process until `close`."""

    def __init__(self, command: Sequence[str], columns: int = 120, rows: int = 40, **environ: str) -> None:
        self.output = b""
        self.status: int | None = None
        self.pid, self._fd = pty.fork()
        if not self.pid:
            os.chdir(ROOT)
            plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
            surroundings = {**plain, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TZ": "UTC", **environ}
            os.execvpe(command[0], list(command), surroundings)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes_before = self.modes()
        """How the terminal was set when the process had only begun."""

    def read_for(self, seconds: float) -> bytes:
        """Read for a while, and answer the terminal's questions."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self._read_some(left):
            pass
        return self.output

    def read_until(self, mark: bytes) -> None:
        end = time.monotonic() + DEADLINE_S
        while mark not in self.output:
            assert time.monotonic() < end, f"{mark!r} never came; the end of the output is {self.output[-2000:]!r}"
            if not self._read_some(0.1):
                assert mark in self.output, f"ended before {mark!r}: {self.output[-2000:]!r}"

    def _read_some(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False
        if b"\x1b[?2026$p" in data:
            os.write(self._fd, b"\x1b[?2026;2$y")
        self.output += data
        return bool(data)

    def modes(self) -> list[object]:
        """Return how the terminal is set: echo, line editing, signals, special keys."""
        return list(termios.tcgetattr(self._fd))

    def press(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal under the process."""
        os.close(self._fd)
        self._fd = -1

    def wait(self) -> int:
        """Return the exit status; a negative one names the signal that killed it."""
        end = time.monotonic() + DEADLINE_S
        while self.status is None:
            assert time.monotonic() < end, "the process did not end"
            if self._fd >= 0:
                self._read_some(0.02)
            else:
                time.sleep(0.02)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.status = os.waitstatus_to_exitcode(status)
        if self._fd >= 0:
            self.read_for(0.05)
        return self.status

    def close(self) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._fd >= 0:
            os.close(self._fd)
