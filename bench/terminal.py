"""A terminal without a screen: runs a program in a pty, reads what it draws and when."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

COLUMNS = 120
ROWS = 40
PAINTED_CHARACTERS = 10
"""So many visible characters are a painted frame."""

_KEPT_BYTES = 1 << 20
_GRACE_S = 5.0
_SYNC_QUESTION = b"\x1b[?2026$p"
_SYNC_SUPPORTED = b"\x1b[?2026;2$y"
_ALTERNATE_SCREEN = b"\x1b[?1049h"
_ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences
    rb"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # strings, such as titles
    rb"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)


class Terminal:
    """Runs `command`, a session of its own, in a pty of this size; a context manager that ends it.

    Drawing is never held up: a thread reads it all.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], *, columns: int = COLUMNS, rows: int = ROWS
    ) -> None:
        self._size = (rows, columns)
        self._drawn = bytearray()
        self._changed = threading.Condition()
        self._painted_s: float | None = None
        self._sought: set[bytes] = set()
        self._seen_s: dict[bytes, float] = {}
        self._over = False
        self._master, slave = pty.openpty()
        _resize(slave, self._size)
        self._began_s = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            env=environ,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_as_controlling_terminal,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def first_paint_ms(self, deadline_s: float) -> float:
        """Return how long after its start the program had painted a frame; raises TimeoutError."""
        self._wait(lambda: self._painted_s is not None, deadline_s, "it painted nothing")
        assert self._painted_s is not None
        return (self._painted_s - self._began_s) * 1000

    def redrawn(self, settle_s: float = 1.0) -> str:
        """Return the words of the whole screen, which the program draws anew because the window was resized."""
        rows, columns = self._size
        _resize(self._master, (rows - 1, columns))
        time.sleep(settle_s)
        with self._changed:
            self._drawn.clear()
        _resize(self._master, self._size)
        time.sleep(settle_s)
        with self._changed:
            return visible(bytes(self._drawn))

    def seek(self, word: str) -> None:
        """Note when this word, of ASCII and in one piece, is drawn first."""
        with self._changed:
            self._sought.add(word.encode("ascii"))

    def seen_s(self, word: str) -> float | None:
        """Return when a word that was sought was drawn first, on the monotonic clock; None while it was not."""
        return self._seen_s.get(word.encode("ascii"))

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    @property
    def over(self) -> bool:
        """Whether the program has ended."""
        return self._over

    def last_words(self) -> str:
        """Return the end of what it drew, without escape sequences, for a complaint."""
        with self._changed:
            return visible(bytes(self._drawn))[-400:]

    def close(self) -> None:
        """Ask the program to end, insist after a while, and wait for it."""
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_GRACE_S)
        os.close(self._master)

    def _wait(self, condition: Callable[[], bool], deadline_s: float, complaint: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._over, deadline_s)
            if not condition():
                ending = "before it ended" if self._over else f"within {deadline_s:g} s"
                raise TimeoutError(f"{complaint} {ending}: …{visible(bytes(self._drawn))[-400:]}")

    def _read(self) -> None:
        while piece := self._next_piece():
            if _SYNC_QUESTION in piece:
                os.write(self._master, _SYNC_SUPPORTED)
            with self._changed:
                self._drawn += piece
                self._note_words(len(piece))
                if self._painted_s is None and self._is_painted():
                    self._painted_s = time.perf_counter()
                del self._drawn[:-_KEPT_BYTES]
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _note_words(self, news: int) -> None:
        """Note which of the words sought are there, since the last `news` bytes came."""
        now_s = time.monotonic()
        for word in list(self._sought):
            if self._drawn.find(word, max(0, len(self._drawn) - news - len(word))) >= 0:
                self._sought.discard(word)
                self._seen_s[word] = now_s

    def _next_piece(self) -> bytes:
        """Return what was drawn, or nothing when the program has ended."""
        try:
            select.select([self._master], [], [])
            return os.read(self._master, 65_536)
        except (OSError, ValueError):
            return b""

    def _is_painted(self) -> bool:
        """Return whether a frame is there; what a program says before it takes the screen, an error say, is none."""
        _, taken, drawn = bytes(self._drawn).partition(_ALTERNATE_SCREEN)
        return bool(taken) and len("".join(visible(drawn).split())) >= PAINTED_CHARACTERS


def visible(drawn: bytes) -> str:
    """Return what is left of terminal output without its escape sequences."""
    return _ESCAPES.sub(b" ", drawn).decode("utf-8", "replace")


def _take_as_controlling_terminal() -> None:
    """Let the program, a session leader already, be told by its standard input when the window is resized."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _resize(descriptor: int, size: tuple[int, int]) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
