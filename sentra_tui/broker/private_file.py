"""Files that only their owner may read, in a directory that only its owner may enter."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sentra_tui.domain.errors import ConfigError

if os.name == "nt":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""A link is not followed, and a pipe is not waited for."""
_BINARY = getattr(os, "O_BINARY", 0)


def make_private_directory(directory: Path) -> None:
    """Make `directory`, and those above it, where there is none; raises ConfigError where others may enter it."""
    try:
        for missing in reversed([each for each in (directory, *directory.parents) if not each.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)  # one by one: else only the last gets the mode
        check_private(directory.stat(), directory, f"Take a directory of its own, or chmod 700 {directory}")
    except OSError as error:
        raise _unusable(directory, error) from error


def check_private(status: os.stat_result, path: Path, hint: str) -> None:
    """Raise ConfigError where others than we may use `path`; `hint` says what helps."""
    if os.name == "nt":
        return
    if status.st_uid != os.getuid():
        raise ConfigError(f"{path} belongs to another user.", hint="Take another path.")
    if status.st_mode & _OTHERS:
        raise ConfigError(f"Other users may use {path}.", hint=hint)


def open_private(path: Path, flags: int) -> int:
    """Return a file descriptor of `path`, made for its owner only.

    Raises ConfigError where others may use it, and where it is no file: no link is followed.
    """
    try:
        descriptor = os.open(path, flags | _SAFELY | _BINARY, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{path} is not a file.", hint="Take another path.")
        check_private(status, path, f"chmod 600 {path}")
    except ConfigError:
        os.close(descriptor)
        raise
    return descriptor


def replace_private(path: Path, content: bytes) -> None:
    """Write `content` to `path` at once: whoever reads sees what was there, or this, and nothing in between.

    Raises ConfigError.
    """
    fresh = path.with_name(f"{path.name}.new")
    descriptor = open_private(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise _unusable(path, error) from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only one, of those who ask here, who changes `path`; waits for another. Raises ConfigError."""
    lock = path.with_name(f"{path.name}.lock")
    descriptor = open_private(lock, os.O_RDWR | os.O_CREAT)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path} cannot be used: {error.strerror}.", hint="Check the path and its rights.")
