"""The one thread that touches the sound on the disk: four times a second it writes what has come for each stream."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from sentra_tui.domain.errors import SentraError
from sentra_tui.services.spool.stream_store import StreamStore
from sentra_tui.services.spool.talk_folder import TalkFolder

FLUSH_S = 0.25
"""How long sound waits to be written."""
RETRY_S = 2.0
"""How long a disk that failed is left alone."""

_LOG = logging.getLogger(__name__)
_ResultT = TypeVar("_ResultT")


class News(Struct):
    """What has come for a stream since the last time."""

    frames: list[tuple[int, bytes]]
    released_ms: int


TakeNews = Callable[[], News]


class SpoolThread:
    """Keeps the sound of the talk `talk` in `root`, at most `limit_ms` of each stream.

    A disk that fails is told of once, by `on_failure`, in the thread, and tried again every two seconds; what comes
    meanwhile is not written.
    """

    def __init__(self, root: Path, talk: int, limit_ms: int, on_failure: Callable[[SentraError], None]) -> None:
        self._root = root
        self._talk = talk
        self._limit_ms = limit_ms
        self._on_failure = on_failure
        self._streams: dict[str, TakeNews] = {}
        self._stores: dict[str, StreamStore] = {}
        self._folder: TalkFolder | None = None
        self._told = False
        self._retry_at_s = 0.0
        self._woken = False
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.ended: Future[None] = _begun()
        """Done when the thread is."""
        # A disk that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Have the news taken at once."""
        if not self._woken:
            self._woken = True
            self._jobs.put(lambda: None)

    def add(self, stream: str, take: TakeNews) -> None:
        """Keep the sound of this stream from now on; `take`, called in the thread, gives its news."""
        self._jobs.put(lambda: self._streams.__setitem__(stream, take))

    def ask(self, stream: str, question: Callable[[StreamStore], _ResultT], otherwise: _ResultT) -> Future[_ResultT]:
        """Have a stream's store asked, behind everything that came before; `otherwise` is the answer without one."""
        answer: Future[_ResultT] = _begun()
        self._jobs.put(lambda: self._answer(self._stores.get(stream), question, otherwise, answer))
        return answer

    def close_stream(self, stream: str, *, keep: bool) -> Future[None]:
        """Write what waits, and let go of a stream's files; without `keep`, remove them."""
        closed: Future[None] = _begun()

        def close() -> None:
            del self._streams[stream]
            self._answer(self._stores.pop(stream, None), lambda store: store.close(keep=keep), None, closed)

        self._jobs.put(close)
        return closed

    def end(self) -> None:
        """Have the thread end once all that is queued is done; streams that are open are kept."""
        self._jobs.put(None)

    def _run(self) -> None:
        try:
            while True:
                try:
                    job = self._jobs.get(timeout=FLUSH_S)
                except queue.Empty:
                    self._keep_up()
                    continue
                self._woken = False
                self._keep_up()
                if job is None:
                    break
                job()
            self._let_go()
        finally:
            self.ended.set_result(None)

    def _keep_up(self) -> None:
        news = {stream: take() for stream, take in self._streams.items()}
        if time.monotonic() < self._retry_at_s:
            return
        try:
            for stream, each in news.items():
                store = self._store(stream)
                store.release(each.released_ms)
                store.write(each.frames)
                store.remember()
        except Exception as error:  # noqa: BLE001 - the thread goes on, whatever it was: the next try may do
            self._fail(error)

    def _store(self, stream: str) -> StreamStore:
        if self._folder is None:
            self._folder = TalkFolder(self._root, self._talk)
        if stream not in self._stores:
            self._stores[stream] = StreamStore(self._folder.path, stream, self._limit_ms)
        return self._stores[stream]

    def _answer(
        self,
        store: StreamStore | None,
        question: Callable[[StreamStore], _ResultT],
        otherwise: _ResultT,
        answer: Future[_ResultT],
    ) -> None:
        try:
            result = otherwise if store is None else question(store)
        except Exception as error:  # noqa: BLE001 - whoever waits is answered, whatever it was
            self._fail(error)
            result = otherwise
        answer.set_result(result)

    def _fail(self, error: Exception) -> None:
        self._retry_at_s = time.monotonic() + RETRY_S
        for store in self._stores.values():
            store.abandon()
        if not self._told:
            self._told = True
            _LOG.warning("sound cannot be kept on the disk", exc_info=error)
            why = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
            self._on_failure(
                SentraError(
                    f"What is said cannot be kept on the disk: {why}.",
                    hint="A long break may cost words; the log has more.",
                )
            )

    def _let_go(self) -> None:
        for store in self._stores.values():
            try:
                store.close(keep=True)
            except OSError as error:
                _LOG.warning("the end of the sound is not kept: %s", error)
        if self._folder is not None:
            self._folder.close()


def _begun() -> Future[_ResultT]:
    """Return a future that nobody can cancel: what it stands for is done, whether somebody waits or not."""
    future: Future[_ResultT] = Future()
    future.set_running_or_notify_cancel()
    return future
