"""One line for each request: when, who, what came of it. Never a token, a secret or a key."""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sentra_tui.broker.private_file import make_private_directory, open_private
from sentra_tui.domain.secret import Secret

ROTATE_BYTES = 16 << 20
"""Where a file is put aside, under its name with `.1`, and another begun: those who may not come in write here, too."""
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
    """Writes the lines to a file that only its owner may read, or to standard error where `path` is None."""

    def __init__(self, path: Path | None, *, rotate_bytes: int = ROTATE_BYTES) -> None:
        """Open the file; raises ConfigError."""
        self._path = path
        self._rotate_bytes = rotate_bytes
        self._descriptor = _opened(path)

    def write(self, line: AuditLine, epoch_s: float) -> None:
        """Write a line; raises OSError or ConfigError where it cannot be written."""
        line.time = datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds")
        if self._path is not None and os.fstat(self._descriptor).st_size >= self._rotate_bytes:
            self._rotate(self._path)
        os.write(self._descriptor, msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._path is not None:
            os.close(self._descriptor)

    def _rotate(self, path: Path) -> None:
        path.replace(path.with_name(f"{path.name}.1"))
        fresh = _opened(path)
        os.close(self._descriptor)
        self._descriptor = fresh


def secret_mark(secret: Secret) -> str:
    """Return what the audit says of a secret."""
    return hashlib.sha256(secret.reveal().encode()).hexdigest()[:32]


def _opened(path: Path | None) -> int:
    if path is None:
        return sys.stderr.fileno()
    make_private_directory(path.parent)
    return open_private(path, _APPEND)
