"""Where the sound of one talk is kept: a folder, and a spool for each stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from sentra_tui.domain.errors import SentraError
from sentra_tui.services.spool.spool_thread import SpoolThread
from sentra_tui.services.spool.stream_spool import StreamSpool


class SpoolShelf:
    """The folder `talk` in `root`, for its owner only; `talk` is a number that the next engine of a talk knows, too.

    At most `limit_ms` of each stream are kept. `on_failure` is told, once, in the caller's loop, where the disk fails.
    """

    def __init__(self, root: Path, talk: int, *, limit_ms: int, on_failure: Callable[[SentraError], None]) -> None:
        self._on_failure = on_failure
        self._thread = SpoolThread(root, talk, limit_ms, self._tell)
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, stream: str) -> StreamSpool:
        """Return the spool of a stream, each of which is opened once."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._thread.start()
        return StreamSpool(self._thread, stream)

    async def close(self) -> None:
        """End the thread; what streams that are still open hold is kept. The folder goes where nothing is in it."""
        if self._loop is not None:
            self._thread.end()
            await asyncio.wrap_future(self._thread.ended)

    def _tell(self, failure: SentraError) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there to be told
                self._loop.call_soon_threadsafe(self._on_failure, failure)
