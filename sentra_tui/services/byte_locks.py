"""Locks on single bytes of a file: which process works on which of many things.

The system lets go of them when a process ends, however it ends. POSIX locks belong to the process, and go
when it closes the file anywhere: it opens each of them once.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, byte: int) -> None:
        os.lseek(descriptor, byte, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int, byte: int) -> None:
        os.lseek(descriptor, byte, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int, byte: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)

    def _unlock(descriptor: int, byte: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, byte)


_RETRY_S = 0.01
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
"""What a lock that another process holds fails with; anything else is a file system without locks."""
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class ByteLocks:
    """The locks of one process on the file `path`, which only its owner may open. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, _FLAGS, 0o600)

    def take(self, byte: int) -> bool:
        """Lock a byte; False where another process holds it, or where nobody can tell."""
        try:
            _lock(self._descriptor, byte)
        except OSError:
            return False
        return True

    def release(self, byte: int) -> None:
        """Let go of a byte."""
        _unlock(self._descriptor, byte)

    def wait(self, byte: int, deadline_s: float) -> bool:
        """Lock a byte once nobody else holds it; False where that takes longer, or where nobody can tell."""
        give_up_at = time.monotonic() + deadline_s
        while True:
            try:
                _lock(self._descriptor, byte)
            except OSError as error:
                if error.errno not in _HELD or time.monotonic() > give_up_at:
                    return False
                time.sleep(_RETRY_S)
            else:
                return True

    def close(self) -> None:
        """Let go of everything."""
        os.close(self._descriptor)
