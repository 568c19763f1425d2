"""Who writes which talk: locks on single bytes of a file beside the journal.

The byte of a talk's number is locked by the process that writes the talk; byte 0 by one that opens the journal. The
system lets go of them when a process ends, however it ends. POSIX locks belong to the process: one journal a process.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


_OPENING = 0
_OPENING_DEADLINE_S = 5.0
_RETRY_S = 0.01
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
"""What a lock that another process holds fails with; anything else is a file system without locks."""


class Locks:
    """The locks of one process on the file `path`, which only its owner may open. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)

    def take(self, talk_id: int) -> bool:
        """Lock a talk; False where another process writes it, or where nobody can tell."""
        try:
            _lock(self._descriptor, talk_id)
        except OSError:
            return False
        return True

    def release(self, talk_id: int) -> None:
        """Let go of a talk."""
        _unlock(self._descriptor, talk_id)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Be the only one who opens the journal; where that cannot be had in time, open it all the same."""
        held = self._wait(_OPENING)
        try:
            yield
        finally:
            if held:
                _unlock(self._descriptor, _OPENING)

    def close(self) -> None:
        """Let go of everything."""
        os.close(self._descriptor)

    def _wait(self, byte: int) -> bool:
        deadline_s = time.monotonic() + _OPENING_DEADLINE_S
        while True:
            try:
                _lock(self._descriptor, byte)
            except OSError as error:
                if error.errno not in _HELD or time.monotonic() > deadline_s:
                    return False
                time.sleep(_RETRY_S)
            else:
                return True
