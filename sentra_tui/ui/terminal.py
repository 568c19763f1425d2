"""The terminal around the screen: may we draw, who else writes there, and how do we leave it."""

from __future__ import annotations

import asyncio
import faulthandler
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from sentra_tui.domain.log_file import open_log

IS_POSIX = os.name == "posix"
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
LAST_RESORT_S = 5.0
"""A terminal that takes no more bytes must not keep a process alive that was asked to end."""


def refusal(environ: Mapping[str, str]) -> str | None:
    """Return why nothing can be drawn here, in one line with what helps; None where it can."""
    if IS_POSIX and environ.get("TERM", "") in ("", "dumb"):
        return "This terminal cannot draw a screen (TERM is dumb or unset). Try `sentra-tui headless`."
    if not sys.stdin.isatty() or not (sys.stdout.isatty() or sys.stderr.isatty()):
        return "There is no terminal to draw on. Run it in one, or try `sentra-tui headless`."
    return None


def end_on_signals(end: Callable[[int], None]) -> None:
    """Call `end` with 128 + n when signal n asks the process to end, on the running loop.

    After LAST_RESORT_S the process ends whatever `end` achieved.
    """
    if not IS_POSIX:
        return
    loop = asyncio.get_running_loop()
    for name in SIGNALS:
        number = int(getattr(signal, name))
        loop.add_signal_handler(number, _end, end, 128 + number)


def _end(end: Callable[[int], None], status: int) -> None:
    watchdog = threading.Timer(LAST_RESORT_S, os._exit, [status])
    watchdog.daemon = True
    watchdog.start()
    end(status)


class TerminalGuard:
    """Keeps the screen to ourselves: file descriptors 1 and 2 write to the log while it is entered.

    Native libraries print on descriptor 2, the very one that Textual draws on. Textual is given a private copy of the
    terminal through `sys.__stdout__` and `sys.__stderr__`. On Windows, where it draws on the console itself, only
    the log is opened.
    """

    def __init__(self, log_path: Path) -> None:
        self._log_path = log_path
        self._log_fd = -1
        self._saved_fds: list[tuple[int, int]] = []
        self._saved_streams = (sys.__stdout__, sys.__stderr__)

    def __enter__(self) -> TerminalGuard:
        self._log_fd = open_log(self._log_path)
        faulthandler.enable(self._log_fd)
        if IS_POSIX:
            self._take_terminal()
        return self

    def _take_terminal(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._saved_fds = [(number, os.dup(number)) for number in (1, 2)]
        terminal = self._saved_fds[0 if os.isatty(1) else 1][1]
        raw = io.FileIO(terminal, "w", closefd=False)
        stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace")
        sys.__stdout__ = sys.__stderr__ = stream  # type: ignore[misc]
        for number, _ in self._saved_fds:
            os.dup2(self._log_fd, number)

    def write_log(self, text: str) -> None:
        """Append to the log."""
        os.write(self._log_fd, text.encode("utf-8", "backslashreplace"))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        faulthandler.disable()
        for number, saved in self._saved_fds:
            os.dup2(saved, number)
        sys.__stdout__, sys.__stderr__ = self._saved_streams  # type: ignore[misc]
        for fd in (self._log_fd, *(saved for _, saved in self._saved_fds)):
            os.close(fd)
