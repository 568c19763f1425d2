"""The files of one stream: ten seconds of sound each, raw, named by where they begin; beside them, what is released."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from sentra_tui.domain.audio import FRAME_MS, SAMPLE_BYTES
from sentra_tui.services.spool import private_files
from sentra_tui.services.spool.thirds import KEPT_FRAME_BYTES, SAMPLES_PER_MS

SEGMENT_BYTES = 10_000 * SAMPLES_PER_MS * SAMPLE_BYTES
MISSING_BYTES_MAX = 2 * SAMPLES_PER_MS * SAMPLE_BYTES
"""So much may be missing of a last frame that counts: what was held back when the writer died, and is silence then."""

_NAME = re.compile(r"(?P<stream>.+)-(?P<start_ms>\d{1,15})\.pcm")


class Segment(Struct):
    """One file, of which `size` bytes are known to be written."""

    path: Path
    start_ms: int
    size: int = 0
    inherited: bool = False
    """An engine before this one wrote it."""

    @property
    def end_ms(self) -> int:
        """Behind its last frame."""
        return self.start_ms + (self.size + MISSING_BYTES_MAX) // KEPT_FRAME_BYTES * FRAME_MS

    def read(self, start_ms: int, end_ms: int) -> bytes:
        """Return the sound of this span, which lies inside; raises OSError."""
        begin, end = (_bytes_to(position_ms - self.start_ms) for position_ms in (start_ms, end_ms))
        return private_files.read(self.path, begin, min(end, self.size) - begin).ljust(end - begin, b"\0")


def path_of(folder: Path, stream: str, start_ms: int) -> Path:
    """Return where the segment lies that begins there."""
    return folder / f"{stream}-{start_ms:012d}.pcm"


def found(folder: Path, stream: str) -> list[Segment]:
    """Return what lies there of a stream, in order; files that are not ours are passed over. Raises OSError."""
    segments: list[Segment] = []
    for segment in sorted(_named(folder, stream), key=lambda each: each.start_ms):
        if segment.end_ms > segment.start_ms and (not segments or segments[-1].end_ms <= segment.start_ms):
            segments.append(segment)
    return segments


def _named(folder: Path, stream: str) -> Iterator[Segment]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = _NAME.fullmatch(entry.name)
            if name is None or name["stream"] != stream or int(name["start_ms"]) % FRAME_MS:
                continue
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(info.st_mode):
                size = min(info.st_size // SAMPLE_BYTES * SAMPLE_BYTES, SEGMENT_BYTES)
                yield Segment(Path(entry.path), int(name["start_ms"]), size, inherited=True)


class ReleaseMark:
    """Remembers, for the next engine, until where a stream's sound is not needed any more."""

    def __init__(self, folder: Path, stream: str) -> None:
        self._path = folder / f"{stream}.released"

    def read(self) -> int:
        """Return the position, in milliseconds; 0 where there is none that can be read."""
        try:
            return max(0, int(private_files.read(self._path, 0, 20)))
        except (OSError, ValueError):
            return 0

    def write(self, until_ms: int) -> None:
        """Remember it; raises OSError."""
        private_files.replace(self._path, b"%d" % until_ms)

    def remove(self) -> None:
        """Forget it; raises OSError."""
        self._path.unlink(missing_ok=True)


def _bytes_to(offset_ms: int) -> int:
    return offset_ms * SAMPLES_PER_MS * SAMPLE_BYTES
