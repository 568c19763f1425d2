"""One stream's sound, written into files on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import queue
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.services.audio.recording.sound_file import SoundFile, prepare_folder

CHUNK_FRAMES = 10
"""Frames written together, 200 ms: fifty writes a second would wake the machine for nothing."""
WAITING_CHUNKS = 50
"""The most that waits for the disk: ten seconds of sound."""
RESERVE_BYTES = 64 << 20
"""Room on the disk that a recording leaves to the transcript."""
CLOSE_S = 2.0
"""How long the disk may take for what waits."""

_CHUNK_BYTES = CHUNK_FRAMES * FRAME_BYTES
_CHECK_BYTES = SAMPLE_RATE_HZ * SAMPLE_BYTES
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_FOLDER = (errno.EEXIST, errno.ENOTDIR, errno.ENOENT, errno.ELOOP, errno.ENAMETOOLONG)
_CHOOSE = "Choose another folder (recording.directory)."
_MAKE_ROOM = "Make room on the disk, or choose another folder (recording.directory)."
_LOG = logging.getLogger(__name__)

CreateFile = Callable[[Path], tuple[Path, SoundFile]]
"""Makes a new file in a folder. Raises OSError."""
FreeBytes = Callable[[Path], int]


def free_bytes(path: Path) -> int:
    """Return the room that is left on the disk where `path` is."""
    return shutil.disk_usage(path).free


class FileRecorder:
    """A Recorder. Its thread makes a file in `folder` with `create_file`, and another one each time one is full.

    `on_file` is told each file that was begun, `on_failure` why nothing more is written; both in the loop.
    """

    def __init__(
        self,
        folder: Path,
        create_file: CreateFile,
        on_file: Callable[[str], None],
        on_failure: Callable[[SourceError], None],
        *,
        free: FreeBytes = free_bytes,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self.path = ""
        """The newest file; empty until there is one."""
        self._folder = folder
        self._create_file = create_file
        self._on_file = on_file
        self._on_failure = on_failure
        self._free = free
        self._reserve_bytes = reserve_bytes
        self._loop = asyncio.get_running_loop()
        self._finished = asyncio.Event()
        self._chunk = bytearray()
        self._chunks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ended = False
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def write(self, frame: bytes) -> None:
        """Queue one frame; never blocks."""
        if self._ended:
            return
        self._chunk += frame
        if len(self._chunk) < _CHUNK_BYTES:
            return
        if self._chunks.qsize() >= WAITING_CHUNKS:
            self._end()
            self._fail(_too_slow())
            return
        self._chunks.put(bytes(self._chunk))
        self._chunk.clear()

    async def close(self) -> None:
        """Write what waits and finish the file, as far as the disk does it in time."""
        self._end()
        try:
            await asyncio.wait_for(self._finished.wait(), CLOSE_S)
        except TimeoutError:
            self._fail(_too_slow())

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._chunks.put(bytes(self._chunk))
            self._chunks.put(None)

    # On the thread

    def _run(self) -> None:
        try:
            while self._write_file():
                pass
        except Exception as error:  # noqa: BLE001 - the edge of the thread: whatever it was is told
            _LOG.warning("a recording failed", exc_info=error)
            self._tell(self._fail, recording_error(error))
        finally:
            self._tell(self._finished.set)

    def _write_file(self) -> bool:
        """Fill one file; return whether another has to go on."""
        prepare_folder(self._folder)
        self._check_room()
        path, file = self._create_file(self._folder)
        self._tell(self._began, str(path))
        try:
            return self._fill(file)
        finally:
            file.finish()

    def _fill(self, file: SoundFile) -> bool:
        unchecked = 0
        while not file.is_full():
            chunk = self._chunks.get()
            if chunk is None:
                return False
            if unchecked >= _CHECK_BYTES:
                unchecked = 0
                self._check_room()
            if chunk:
                file.append(chunk)
                unchecked += len(chunk)
        return True

    def _check_room(self) -> None:
        if self._free(self._folder) < self._reserve_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    # Back in the loop

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(call, *arguments)

    def _began(self, path: str) -> None:
        self.path = path
        self._on_file(path)

    def _fail(self, error: SourceError) -> None:
        self._end()
        if not self._failed:
            self._failed = True
            self._on_failure(error)


def recording_error(error: Exception) -> SourceError:
    """Return what an error means to who records."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL:
        return SourceError("The disk is full, or nearly so.", hint=_MAKE_ROOM)
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SourceError("The recording may not be written there.", hint=_CHOOSE)
    if number in _NO_FOLDER:
        return SourceError("There can be no folder for recordings there: something else is in the way.", hint=_CHOOSE)
    if isinstance(error, OSError) and number:
        return SourceError(f"The recording cannot be written: {os.strerror(number).lower()}.", hint=_CHOOSE)
    return SourceError("The recording cannot be written.", hint="The log has the details.")


def _too_slow() -> SourceError:
    return SourceError("The disk is too slow.", hint=_MAKE_ROOM)
