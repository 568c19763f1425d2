"""The log file: for its owner only, never long, and never a reason not to run."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

BYTES_MAX = 1 << 20
"""A file that has grown to this gives its place to a new one, where somebody opens it or writes to it."""
OLDER_KEPT = 2
"""How many older files stay beside it, as `.1` and `.2`."""

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


def open_log(path: Path) -> int:
    """Return a file descriptor that appends to `path`, which only its owner may read; where that fails, to nowhere.

    A symbolic link is not followed. Whoever holds a descriptor of a file that gave its place goes on writing there.
    """
    try:
        for folder in (path.parent.parent, path.parent):  # the mode is that of the last one only
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = _opened(path)
        if is_long(log):
            os.close(log)
            _give_place(path)
            log = _opened(path)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
    return log


def is_long(log: int) -> bool:
    """Return whether the log behind this descriptor must give its place to a new one."""
    status = os.fstat(log)
    return stat.S_ISREG(status.st_mode) and status.st_size >= BYTES_MAX


def _opened(path: Path) -> int:
    log = os.open(path, _FLAGS, 0o600)
    if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(log).st_mode):
        os.fchmod(log, 0o600)  # an old file may have been open to others, and a umask may have taken too much
    return log


def _give_place(path: Path) -> None:
    """Move the log aside, and the older ones on; where a system keeps open files in their place it stays."""
    names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, OLDER_KEPT + 1))]
    for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            newer.replace(older)
