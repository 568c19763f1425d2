"""One line for each request: when, who, what came of it. Never a token, a secret or a key.

Whoever can reach the broker can make it write lines. So those of strangers have a file of their own, which they may
fill as they like: what members did is not pushed out by it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import msgspec

from sentra_tui.broker.private_file import make_private_directory, open_private
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.secret import Secret

ROTATE_BYTES = 16 << 20
"""Where a file is put aside, under its name with `.1`, and another begun."""
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class AuditLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A request; filled in while it is answered."""

    time: str = ""
    """UTC, ISO 8601."""
    client: str = ""
    """The address it came from."""
    route: str = ""
    outcome: str = ""
    """`minted`, `ok`, or the code of the refusal."""
    status: int = 0
    member: str = ""
    type: str = ""
    model: str = ""
    secret: str = ""
    """The first half of the minted secret's SHA-256: tells which it was to those who have it."""


class Audit:
    """Writes the lines to files that only their owner may read, or to standard error where `path` is None.

    Those of members go to `path`; those of everybody else, revoked and expired members among them, to `strangers_path`.
    """

    def __init__(self, path: Path | None, *, rotate_bytes: int = ROTATE_BYTES) -> None:
        """Open the files; raises ConfigError."""
        self._members = _Lines(path, rotate_bytes)
        try:
            self._strangers = _Lines(path and strangers_path(path), rotate_bytes)
        except ConfigError:
            self._members.close()
            raise

    def write(self, line: AuditLine, epoch_s: float) -> None:
        """Write a line; raises OSError or ConfigError where it cannot be written."""
        line.time = datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds")
        is_members = line.member and line.status != HTTPStatus.UNAUTHORIZED
        (self._members if is_members else self._strangers).append(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        """Close the files."""
        self._members.close()
        self._strangers.close()


class _Lines:
    """A file that grows to `rotate_bytes`, and the one before it; standard error where `path` is None."""

    def __init__(self, path: Path | None, rotate_bytes: int) -> None:
        self._path = path
        self._rotate_bytes = rotate_bytes
        self._descriptor = _opened(path)

    def append(self, raw: bytes) -> None:
        if self._path is not None and os.fstat(self._descriptor).st_size >= self._rotate_bytes:
            self._rotate(self._path)
        written = os.write(self._descriptor, raw)
        if written < len(raw):  # the disk is full: a piece would spoil the next line, too
            if self._path is not None:
                os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        if self._path is not None:
            os.close(self._descriptor)

    def _rotate(self, path: Path) -> None:
        path.replace(path.with_name(f"{path.name}.1"))
        fresh = _opened(path)
        os.close(self._descriptor)
        self._descriptor = fresh


def strangers_path(path: Path) -> Path:
    """Return where the lines of strangers are, beside those of members at `path`."""
    return path.with_name(f"{path.stem}.strangers{path.suffix}")


def secret_mark(secret: Secret) -> str:
    """Return what the audit says of a secret."""
    return hashlib.sha256(secret.reveal().encode()).hexdigest()[:32]


def _opened(path: Path | None) -> int:
    if path is None:
        return sys.stderr.fileno()
    make_private_directory(path.parent)
    return open_private(path, _APPEND)
