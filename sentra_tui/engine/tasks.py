"""Tasks with an owner: a failure ends one task, is told, and touches no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

_LOG = logging.getLogger(__name__)

OnFailure = Callable[[BaseException], None]


class TaskOwner:
    """Holds tasks from their start to their end.

    It differs from `asyncio.TaskGroup` in one thing: a task that fails leaves its siblings running, because the two
    streams of a conversation must not take each other down.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], on_failure: OnFailure, name: str) -> asyncio.Task[None]:
        """Run `work`; an exception out of it is logged with its traceback and given to `on_failure`."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._settle(ended, on_failure))
        return task

    async def close(self) -> None:
        """Cancel every task and wait until all have ended."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    def _settle(self, task: asyncio.Task[None], on_failure: OnFailure) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            _LOG.error("task %r failed", task.get_name(), exc_info=failure)
            on_failure(failure)
