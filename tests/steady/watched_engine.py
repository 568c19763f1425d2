"""An engine that tells which files its loop touched: `python -m tests.steady.watched_engine`, with its arguments.

Whatever opens a file, a database or a listing while the loop runs, in the loop's own thread, is written to the file
that `WATCHED_ENGINE_REPORT` names, a line each. It holds up sound, as long as the disk takes.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading

from sentra_tui.engine import options
from sentra_tui.engine.__main__ import main

REPORT_VARIABLE = "WATCHED_ENGINE_REPORT"
_BLOCKING = {"open", "sqlite3.connect", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.mkdir", "os.truncate"}
_BLOCKING |= {"subprocess.Popen", "socket.getaddrinfo"}


def watch(report: int) -> None:
    """Report what this thread's loops touch from now on."""
    thread = threading.get_ident()

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event in _BLOCKING and threading.get_ident() == thread and asyncio._get_running_loop() is not None:
            os.write(report, f"{event} {arguments[:2]}\n".encode(errors="replace"))

    sys.addaudithook(note)


if __name__ == "__main__":
    watch(os.open(os.environ[REPORT_VARIABLE], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    sys.exit(main(options.parse(sys.argv[1:])))
