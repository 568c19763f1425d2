"""Pipes that are read without waiting."""

from __future__ import annotations

import os
import select
import stat
import sys
from pathlib import Path
from typing import Protocol

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line

STANDARD_INPUT = 0
_FIFO = "Make a FIFO, and name it as the source: mkfifo talk.fifo"


class Pipe(Protocol):
    """Something that a program writes sound into."""

    name: str
    comes_back: bool
    """Whether another writer may come when one has gone."""

    def read(self, count: int) -> bytes | None:
        """Return up to `count` bytes; None while there are none, nothing at all where nobody writes. Raises OSError."""
        ...

    def close(self) -> None:
        """Let go of it; may be called more than once."""
        ...


def is_fifo(path: Path) -> bool:
    """Return whether there is a FIFO."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):
        return False


class Fifo:
    """A FIFO of the file system. Raises SourceError where it may not be read.

    The first `read` opens it, and waits for no writer: until then writers wait, and no old sound piles up.
    """

    comes_back = True

    def __init__(self, path: Path) -> None:
        self.name = clean_line(path.name or str(path))
        if not os.access(path, os.R_OK):
            raise SourceError(f"{self.name} may not be read.", hint="Choose another FIFO.")
        self._path = path
        self._descriptor: int | None = None
        self._closed = False

    def read(self, count: int) -> bytes | None:
        """Return what is there."""
        if self._closed:
            return b""
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return os.read(self._descriptor, count)
        except BlockingIOError:
            return None

    def close(self) -> None:
        """Let go of it."""
        self._closed = True
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


class StandardInput:
    """This process's standard input, for one source at a time. Raises SourceError.

    It is asked before each reading whether there is something: to set it non-blocking would do so for every process
    that shares it.
    """

    comes_back = False
    _taken = False

    def __init__(self, descriptor: int = STANDARD_INPUT) -> None:
        self.name = "standard input"
        self._open = False
        if sys.platform == "win32":
            raise SourceError("Standard input cannot be a source on Windows.", hint="Name a WAV file instead.")
        if StandardInput._taken:
            raise SourceError("Standard input is another stream's source already.", hint=_FIFO)
        if os.isatty(descriptor):
            raise SourceError("Standard input is a terminal: there is no sound in it.", hint=_FIFO)
        self._descriptor = descriptor
        self._open = StandardInput._taken = True

    def read(self, count: int) -> bytes | None:
        """Return what is there."""
        if not self._open:
            return b""
        ready, _, _ = select.select([self._descriptor], [], [], 0)
        return os.read(self._descriptor, count) if ready else None

    def close(self) -> None:
        """Leave it to others."""
        if self._open:
            self._open = StandardInput._taken = False


def refuse_standard_input() -> SourceError:
    """Return why standard input is no source where it carries something else."""
    return SourceError("Standard input is in use: keys or actions come from there.", hint=_FIFO)
