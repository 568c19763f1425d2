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
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


def make_private_directory(directory: Path) -> None:
    """Make `directory` where there is none; raises ConfigError where others may enter it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_private(directory.stat(), directory, "700")
    except OSError as error:
        raise _unusable(directory, error) from error


def check_private(status: os.stat_result, path: Path, mode: str) -> None:
    """Raise ConfigError where others than we may use `path`; `mode` is what it should be."""
    if os.name == "nt":
        return
    if status.st_uid != os.getuid():
        raise ConfigError(f"{path} belongs to another user.", hint="Take another path.")
    if status.st_mode & _OTHERS:
        raise ConfigError(f"Other users may use {path}.", hint=f"chmod {mode} {path}")


def open_private(path: Path, flags: int) -> int:
    """Return a file descriptor of `path`, made for its owner only; raises ConfigError where others may use it.

    No link is followed.
    """
    try:
        descriptor = os.open(path, flags | _NO_LINK | _BINARY, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        check_private(os.fstat(descriptor), path, "600")
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
