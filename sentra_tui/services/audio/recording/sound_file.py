"""What a recorder writes into, and how such a file is made."""

from __future__ import annotations

import os
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Protocol

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class SoundFile(Protocol):
    """A file that takes sound, 48 kHz mono s16le. What was appended before the process is killed can be played."""

    def append(self, sound: bytes) -> None:
        """Write whole frames; raises OSError."""
        ...

    def is_full(self) -> bool:
        """Return whether the format holds no more: another file has to go on."""
        ...

    def finish(self) -> None:
        """Complete the file and close it, also after an error; raises OSError."""
        ...


def prepare_folder(folder: Path) -> None:
    """Make the folder, and the one that it is in, where they are not there, for their owner only. Raises OSError."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def create_private(folder: Path, stem: str, suffix: str) -> tuple[Path, int]:
    """Make a new file for its owner only; return it and its descriptor. A name that is taken gets a number.

    Links are not followed. Raises OSError.
    """
    for number in count(1):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem} {number}{suffix}")
        try:
            return path, os.open(path, _FLAGS, 0o600)
        except FileExistsError:
            continue
    raise AssertionError("count is endless")


def recording_stem(stream: str, now: datetime) -> str:
    """Return what a recording of `stream` that begins now is called; no system objects to such a name."""
    return f"{now:%Y-%m-%dT%H-%M-%S} {stream}"


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`; raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
