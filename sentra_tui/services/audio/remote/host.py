"""The far side as a process here, started again whenever it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from sentra_tui.domain.text import clean_line
from sentra_tui.media.framing import VERSION, Frame, FrameReader, pack

RETRY_DELAYS_S = (0.5, 1.0, 2.0, 5.0)
CLOSE_S = 1.0
READ_BYTES = 1 << 16
WAITING_BYTES_MAX = 1 << 15
"""The most that waits for a slow network, some seconds of sound; more is dropped."""

_LOG = logging.getLogger(__name__)


class RemoteHost:
    """Runs `command` again and again. `on_frame` is told each frame; `on_lost` why there are none, in one line."""

    def __init__(
        self,
        command: Sequence[str],
        on_frame: Callable[[Frame], None],
        on_lost: Callable[[str], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._command = command
        self._on_frame = on_frame
        self._on_lost = on_lost
        self._sleep = sleep
        self._process: asyncio.subprocess.Process | None = None
        self._last_words = ""
        self._heard = False
        self._task = asyncio.get_running_loop().create_task(self._run(), name="remote host")

    @property
    def ended(self) -> bool:
        """Whether the far side has said all that it had to say, and will not come back."""
        return self._task.done()

    def send(self, frame: Frame) -> bool:
        """Send a frame, and return True; it is dropped while there is no far side, or while too much waits for it."""
        stdin = None if self._process is None else self._process.stdin
        if stdin is None or stdin.is_closing() or stdin.transport.get_write_buffer_size() > WAITING_BYTES_MAX:
            return False
        stdin.write(pack(frame))
        return True

    async def close(self) -> None:
        """End the far side, and wait for its end; may be called more than once."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        failures = 0
        while True:
            self._heard, self._last_words = False, ""
            cause = await self._run_once()
            if not cause:
                return
            self._on_lost(cause)
            failures = 0 if self._heard else failures + 1
            await self._sleep(RETRY_DELAYS_S[min(failures, len(RETRY_DELAYS_S) - 1)])

    async def _run_once(self) -> str:
        """Run the far side once; return why it ended, nothing where it had no more to say."""
        pipe = asyncio.subprocess.PIPE
        try:
            # A session of its own: the terminal's ctrl-c is not for it.
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            return clean_line(error.strerror or str(error))
        self._process = process
        words = asyncio.get_running_loop().create_task(self._read_words(process), name="remote words")
        reader = FrameReader()
        try:
            await self._read_frames(process, reader)
            await asyncio.wait([words], timeout=CLOSE_S)
        finally:
            self._process = None
            await _end(process)
            words.cancel()
            await asyncio.wait([words])
        if reader.foreign_version is not None:
            return f"it runs another version of sentra-tui ({reader.foreign_version}, here {VERSION})"
        status = process.returncode
        return "" if status == 0 and self._heard else self._last_words or f"it ended with status {status}"

    async def _read_frames(self, process: asyncio.subprocess.Process, reader: FrameReader) -> None:
        assert process.stdout is not None
        while data := await process.stdout.read(READ_BYTES):
            for frame in reader.feed(data):
                self._heard = True
                self._on_frame(frame)

    async def _read_words(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:  # longer than any line
                continue
            if not line:
                return
            words = clean_line(line.decode("utf-8", "replace"))
            if words:
                self._last_words = words
                _LOG.info("remote: %s", words)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process by the end of its input, then more firmly."""
    if process.stdin is not None:
        process.stdin.close()
    for end in (process.terminate, process.kill):
        try:
            await asyncio.wait_for(process.wait(), CLOSE_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                end()
    await process.wait()
