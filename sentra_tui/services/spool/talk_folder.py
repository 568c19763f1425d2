"""The folder of one talk's sound, and who works in it; those of talks that nobody goes on with are removed."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sentra_tui.services.byte_locks import ByteLocks
from sentra_tui.services.spool.private_files import make_folder

STALE_S = 24 * 3600.0
_LOCK_NAME = "lock"


class TalkFolder:
    """The folder `talk` in `root`, made where it is not there, and ours alone until it is closed.

    `wall` tells the time of day, in seconds since 1970. Raises OSError, BlockingIOError where another process has it.
    """

    def __init__(self, root: Path, talk: int, wall: Callable[[], float] = time.time) -> None:
        root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_folder(root)
        self.path = root / str(talk)
        self._locks = ByteLocks(root / _LOCK_NAME)
        try:
            if not self._locks.take(talk):
                raise BlockingIOError("another sentra-tui keeps the sound of this talk")
            _purge(root, talk, self._locks, wall() - STALE_S)
            make_folder(self.path)
        except BaseException:
            self._locks.close()
            raise

    def close(self) -> None:
        """Let go; an empty folder is removed."""
        with contextlib.suppress(OSError):
            self.path.rmdir()
        self._locks.close()


def _purge(root: Path, own: int, locks: ByteLocks, not_before: float) -> None:
    """Remove the folders of other talks that nobody wrote since `not_before`, and nobody holds."""
    for talk, folder in _talks(root):
        if talk == own or not locks.take(talk):
            continue
        try:
            with contextlib.suppress(OSError):
                if _changed_at(folder) < not_before:
                    _remove(folder)
        finally:
            locks.release(talk)


def _talks(root: Path) -> Iterator[tuple[int, Path]]:
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.isascii() and entry.name.isdecimal() and entry.is_dir(follow_symlinks=False):
                yield int(entry.name), Path(entry.path)


def _changed_at(folder: Path) -> float:
    return max(path.lstat().st_mtime for path in (folder, *folder.iterdir()))


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
