"""Folders and files that only their owner can read, whatever the umask is, and that no link leads elsewhere."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _BINARY
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _NOFOLLOW | _BINARY


def make_folder(path: Path) -> None:
    """Have a folder of our own there. Raises OSError, FileExistsError where something else is there."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    is_ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    if not stat.S_ISDIR(found.st_mode) or not is_ours:
        raise FileExistsError(f"{path} is not a folder of yours")
    path.chmod(0o700)


def create(path: Path) -> int:
    """Return a descriptor of a new file; raises OSError where there is one already."""
    return os.open(path, _CREATE, 0o600)


def write_all(descriptor: int, data: bytes) -> int:
    """Write as much of `data` as goes in; return how much that was. Raises OSError where nothing does."""
    written = 0
    while written < len(data):
        try:
            written += os.write(descriptor, data[written:])
        except OSError:
            if written:
                break
            raise
    return written


def read(path: Path, offset: int = 0, size: int | None = None) -> bytes:
    """Return `size` bytes of a regular file from `offset` on, or all; raises OSError."""
    with os.fdopen(os.open(path, _READ), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is not a file")
        file.seek(offset)
        return file.read() if size is None else file.read(size)


def replace(path: Path, data: bytes) -> None:
    """Put a new file in the place of the one at `path`: there is always a whole one. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = create(new)
    try:
        if write_all(descriptor, data) < len(data):
            raise OSError(f"{new} cannot be written")
    finally:
        os.close(descriptor)
    new.replace(path)
