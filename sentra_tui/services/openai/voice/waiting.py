"""How long a voice is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from sentra_tui.services.openai.network import took_too_long

HEAD_S = 5.0
"""How long a server may take to begin its reply; what takes longer to say, or was longer in the saying, has that long:
a server that is slower than speech is of no use in a conversation.
"""
SILENCE_S = 20.0
"""How long a reply that has begun may pause."""

_ResultT = TypeVar("_ResultT")


async def within(deadline_s: float, coming: Awaitable[_ResultT], host: str) -> _ResultT:
    """Return what comes; raises TransportLost where `host` does not give it in time."""
    try:
        async with asyncio.timeout(deadline_s):
            return await coming
    except TimeoutError:
        failure = took_too_long(host)
    raise failure
