"""Waiting that ends: in time, with the work done, or with the call."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from sentra_tui.domain.errors import TransportLost

T = TypeVar("T")


async def within(
    deadline_s: float,
    work: Coroutine[Any, Any, T] | asyncio.Task[T],
    *,
    fault: asyncio.Future[TransportLost],
    late: TransportLost,
) -> T:
    """Return what `work` gives; raises `late` after the deadline, and what `fault` holds as soon as it holds it.

    In every case, cancellation too, the work has ended when this does.
    """
    task = work if isinstance(work, asyncio.Task) else asyncio.create_task(work)
    try:
        waiting: set[asyncio.Future[Any]] = {task, fault}
        await asyncio.wait(waiting, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)
        if fault.done():
            raise fault.result().with_traceback(None)
        if not task.done():
            raise late
        return task.result()
    finally:
        await end(task)


async def outcome(task: asyncio.Future[T]) -> T:
    """Return what a task gives, without ending it when the wait is cancelled."""
    return await asyncio.shield(task)


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task unless it is done, and wait for it; what it raised is of no interest any more."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
