"""The log file: for its owner only, and never a reason not to run."""

from __future__ import annotations

import os
from pathlib import Path


def open_log(path: Path) -> int:
    """Return a file descriptor that appends to `path`, which only its owner may read; where that fails, to nowhere."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = os.open(path, flags, 0o600)
        path.chmod(0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
    return log
