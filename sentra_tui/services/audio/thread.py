"""Blocking work on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

from sentra_tui.domain.errors import SourceError

T = TypeVar("T")
DEADLINE_S = 5.0


async def on_a_thread(work: Callable[[], T], deadline_s: float = DEADLINE_S) -> T:
    """Return what `work` returns; raises what it raises, and SourceError when it takes too long.

    Work that hangs is left to its thread: a sound system that does not answer must not hold up anything else.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if result.done():
            return
        if error is None:
            result.set_result(value)  # type: ignore[arg-type]
        else:
            result.set_exception(error)

    def run() -> None:
        value, failure = None, None
        try:
            value = work()
        except Exception as error:  # noqa: BLE001  the edge of a thread: whatever it is belongs to the waiting task
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, name="sound", daemon=True).start()
    try:
        async with asyncio.timeout(deadline_s):
            return await result
    except TimeoutError:
        raise SourceError("The sound system does not answer.", hint="Restart it, or use a WAV file.") from None
