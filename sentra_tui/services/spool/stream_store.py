"""One stream's sound on the disk, as the one thread that touches it sees it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from sentra_tui.domain.audio import FRAME_MS, SAMPLE_BYTES
from sentra_tui.services.spool import private_files, segments
from sentra_tui.services.spool.segments import SEGMENT_BYTES, ReleaseMark, Segment
from sentra_tui.services.spool.thirds import KEPT_FRAME_BYTES, Run, frames_of


class StreamStore:
    """What `folder` holds of one stream: at most `limit_ms`, the newest. Everything raises OSError, except `read`."""

    def __init__(self, folder: Path, stream: str, limit_ms: int) -> None:
        self._folder = folder
        self._stream = stream
        self._limit_ms = limit_ms
        self._segments = segments.found(folder, stream)
        self._mark = ReleaseMark(folder, stream)
        self._released_ms = self._marked_ms = self._mark.read()
        self._run: Run | None = None
        self._descriptor: int | None = None
        """The file of the last segment, while it is written."""

    def write(self, frames: Iterable[tuple[int, bytes]]) -> None:
        """Write frames; what is older than something that is kept is passed over."""
        numbered = enumerate(frames)
        for _, group in groupby(numbered, key=lambda each: each[1][0] - each[0] * FRAME_MS):
            run = [frame for _, frame in group]
            self._extend(run[0][0], b"".join(frame for _, frame in run))
        self._trim()

    def release(self, until_ms: int) -> None:
        """Forget everything before `until_ms`."""
        self._released_ms = max(self._released_ms, until_ms)
        self._trim()

    def remember(self) -> None:
        """Have the next engine know what is released: once there is room for that."""
        if self._released_ms > self._marked_ms:
            self._mark.write(self._released_ms)
            self._marked_ms = self._released_ms

    def read(self, start_ms: int, end_ms: int) -> list[tuple[int, bytes]]:
        """Return pieces of whole frames, each with its position; what cannot be read is left out."""
        pieces: list[tuple[int, bytes]] = []
        first_ms = max(start_ms, self._released_ms) // FRAME_MS * FRAME_MS
        last_ms = -(-end_ms // FRAME_MS) * FRAME_MS
        begin_ms, sound = first_ms, b""
        for segment in self._segments:
            from_ms, until_ms = max(first_ms, segment.start_ms), min(last_ms, segment.end_ms)
            if from_ms >= until_ms:
                continue
            if from_ms != begin_ms + _duration_ms(sound):
                pieces.append((begin_ms, sound))
                begin_ms, sound = from_ms, b""
            with contextlib.suppress(OSError):
                sound += segment.read(from_ms, until_ms)
        pieces.append((begin_ms, sound))
        return [(position_ms, frames_of(sound)) for position_ms, sound in pieces if sound]

    def inherited(self) -> list[tuple[int, int]]:
        """Return the spans that an engine before this one left, without what is released."""
        return list(_joined(self._unreleased(segment) for segment in self._segments if segment.inherited))

    def abandon(self) -> None:
        """Write no more into the last segment: something went wrong with it."""
        self._run = None
        with contextlib.suppress(OSError):
            self._close_file()
        if not self._segments:
            return
        last = self._segments[-1]
        last.size -= last.size % SAMPLE_BYTES
        if not last.size:
            self._segments.pop()
            with contextlib.suppress(OSError):
                last.path.unlink(missing_ok=True)

    def close(self, *, keep: bool) -> None:
        """Let go of the files; without `keep`, remove them."""
        if keep:
            self._end_run()
            return
        self._close_file()
        for segment in self._segments:
            segment.path.unlink(missing_ok=True)
        self._segments.clear()
        self._mark.remove()

    def _trim(self) -> None:
        """Remove the files of what is released, and of what is beyond the limit."""
        kept_ms = sum(segment.end_ms - segment.start_ms for segment in self._segments)
        while self._closed() and (kept_ms > self._limit_ms or self._segments[0].end_ms <= self._released_ms):
            oldest = self._segments[0]
            oldest.path.unlink(missing_ok=True)
            del self._segments[0]
            kept_ms -= oldest.end_ms - oldest.start_ms

    def _closed(self) -> Sequence[Segment]:
        """Return the segments that are not being written."""
        return self._segments if self._descriptor is None else self._segments[:-1]

    def _unreleased(self, segment: Segment) -> tuple[int, int]:
        return max(segment.start_ms, self._released_ms), segment.end_ms

    def _extend(self, start_ms: int, frames: bytes) -> None:
        if self._run is None or self._run.end_ms != start_ms:
            self._end_run()
            if self._segments and start_ms < self._segments[-1].end_ms:
                return
            self._run = Run(start_ms)
        self._append(self._run, self._run.feed(frames))

    def _append(self, run: Run, pcm: bytes) -> None:
        while pcm:
            if self._descriptor is None:
                self._begin_segment(run)
            assert self._descriptor is not None
            segment = self._segments[-1]
            written = private_files.write_all(self._descriptor, pcm[: SEGMENT_BYTES - segment.size])
            segment.size += written
            pcm = pcm[written:]
            if segment.size == SEGMENT_BYTES:
                self._close_file()

    def _begin_segment(self, run: Run) -> None:
        """The first of a run begins with it; a full one is followed by the next."""
        start_ms = run.start_ms
        if self._segments and self._segments[-1].end_ms > start_ms:
            start_ms = self._segments[-1].end_ms
        path = segments.path_of(self._folder, self._stream, start_ms)
        self._descriptor = private_files.create(path)
        self._segments.append(Segment(path, start_ms))

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            self._append(run, run.end())
        self._close_file()

    def _close_file(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans, those as one that follow on; empty ones are left out."""
    pending: tuple[int, int] | None = None
    for start_ms, end_ms in spans:
        if start_ms >= end_ms:
            continue
        if pending is not None and pending[1] == start_ms:
            pending = (pending[0], end_ms)
            continue
        if pending is not None:
            yield pending
        pending = (start_ms, end_ms)
    if pending is not None:
        yield pending


def _duration_ms(kept: bytes) -> int:
    return len(kept) // KEPT_FRAME_BYTES * FRAME_MS
