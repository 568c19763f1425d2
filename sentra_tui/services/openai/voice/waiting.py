"""How long a voice is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from sentra_tui.domain.errors import TransportError
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.network import took_too_long

HEAD_S = 4.5
"""How long a server may take to begin its reply; what is longer in the saying has that long."""
PATIENCE_S = 30.0
"""The same for a server that meanwhile answers something else: it is loading its model."""
SILENCE_S = 20.0
"""How long a reply that has begun may pause."""
_PROBE_AT = 0.6
"""After how much of its time a server is asked whether it is there at all."""


class _Closable(Protocol):
    async def close(self) -> None:
        """Let go of it."""
        ...


_ResultT = TypeVar("_ResultT")
_ReplyT = TypeVar("_ReplyT", bound=_Closable)


async def within(deadline_s: float, coming: Awaitable[_ResultT], host: str) -> _ResultT:
    """Return what comes; raises TransportLost where `host` does not give it in time."""
    try:
        async with asyncio.timeout(deadline_s):
            return await coming
    except TimeoutError:
        failure = took_too_long(host)
    raise failure


class HeadWait:
    """Waits for the beginning of replies: `head_s`, or longer while the server answers other requests."""

    def __init__(self, client: ApiClient, key: Callable[[], Secret], head_s: float = HEAD_S) -> None:
        self._client = client
        self._key = key
        self._head_s = head_s

    async def reply(self, coming: Coroutine[Any, Any, _ReplyT], needed_s: float = 0.0) -> _ReplyT:
        """Return the reply that comes; raises what it raises, and TransportLost where it does not come in time.

        `needed_s` is what it takes by its nature.
        """
        asking = asyncio.create_task(coming)
        try:
            if await self._comes(asking, max(self._head_s, needed_s)):
                return asking.result()
        except asyncio.CancelledError:
            await _give_up(asking)
            raise
        await _give_up(asking)
        raise took_too_long(self._client.endpoint.host)

    async def _comes(self, asking: asyncio.Task[_ReplyT], deadline_s: float) -> bool:
        await asyncio.wait({asking}, timeout=_PROBE_AT * deadline_s)
        if asking.done():
            return True
        left_s = (1 - _PROBE_AT) * deadline_s
        probing = asyncio.create_task(self._is_there(left_s))
        try:
            await asyncio.wait({asking, probing}, return_when=asyncio.FIRST_COMPLETED)
            is_there = probing.done() and probing.result()
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)
        if is_there:
            await asyncio.wait({asking}, timeout=PATIENCE_S)
        return asking.done()

    async def _is_there(self, deadline_s: float) -> bool:
        """Return whether the server answers something in time, whatever it is."""
        try:
            await self._client.get("/models", self._key(), deadline_s=deadline_s)
        except TransportError:
            return False
        return True


async def _give_up(asking: asyncio.Task[_ReplyT]) -> None:
    asking.cancel()
    (outcome,) = await asyncio.gather(asking, return_exceptions=True)
    if not isinstance(outcome, BaseException):
        await outcome.close()
