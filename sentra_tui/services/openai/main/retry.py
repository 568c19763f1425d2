"""Asking a text API again: which replies are worth it, and how long to wait.

Source: RFC 9110 §10.2.3 (Retry-After); "full jitter" as in
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from sentra_tui.services.openai.reply import Reply, ReplyStream
from sentra_tui.services.openai.status import error_body, is_passing, milliseconds, retry_after_s

TRIES = 5
TOTAL_S = 60.0
FIRST_S, LONGEST_S = 0.5, 8.0
LOCKED_S = 2.0
"""The first wait for a locked conversation: that takes seconds, not moments."""
SHORTEST_POLL_S = 0.05
LONGEST_POLL_S = 5.0
POLL_GROWTH = 1.25
_Answer = TypeVar("_Answer", bound=Reply | ReplyStream)
LOCKED = "conversation_locked"
"""The code with which another answer still holds the conversation."""
_ACTIVE_RUN = re.compile(r"while a run .* is active|has an active run")


class Timing(Struct, frozen=True):
    """What waits depend on, so that a test is not made to wait."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits so many seconds."""
    random: Callable[[], float] = random.random
    """Gives numbers from 0 up to 1."""
    monotonic: Callable[[], float] = time.monotonic
    """Tells seconds."""
    wall_clock: Callable[[], float] = time.time
    """Tells seconds since 1970, which a Retry-After date is compared with."""

    def jitter(self, wait_s: float) -> float:
        """Return `wait_s`, up to a fifth more or less, so that many clients do not come at once."""
        return wait_s * (0.8 + 0.4 * self.random())

    def backoff_s(self, attempt: int) -> float:
        """Return how long to wait after this many failures before: full jitter, from 0.5 s doubling to 8 s."""
        return float(min(LONGEST_S, FIRST_S * 2 ** min(attempt, 16)) * self.random())


class PollPace:
    """How long to wait before each look at a run: `first_s`, then longer, up to 5 s.

    A short answer is seen soon, and one that never comes costs 130 looks in ten minutes.
    """

    def __init__(self, timing: Timing, first_s: float) -> None:
        self._timing = timing
        self._next_s = first_s

    def next_s(self) -> float:
        """Return the next wait, with its jitter."""
        wait_s = self._next_s
        self._next_s = max(wait_s, min(LONGEST_POLL_S, wait_s * POLL_GROWTH))
        return self._timing.jitter(wait_s)


class Retry:
    """Asks at most `tries` times and, with its waits, for at most 60 s.

    What raises is not asked again: only the caller knows whether that is safe.
    """

    def __init__(self, timing: Timing, tries: int = TRIES) -> None:
        self._timing = timing
        self._tries = tries

    async def reply(self, request: Callable[[], Awaitable[Reply]]) -> Reply:
        """Return the first reply that is not worth asking again after, or the last one; raises what `request` does."""
        return await self._persist(request)

    async def stream(self, request: Callable[[], Awaitable[ReplyStream]]) -> ReplyStream | Reply:
        """Like `reply`; return the open stream where the status is below 300, else the whole reply that refuses."""

        async def request_or_read() -> Reply | ReplyStream:
            stream = await request()
            return stream if stream.status < 300 else await stream.read()

        return await self._persist(request_or_read)

    async def _persist(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        began = self._timing.monotonic()
        for attempt in range(self._tries - 1):
            answer = await request()
            if isinstance(answer, ReplyStream) or not worth_asking_again(answer):
                return answer
            wait_s = self.wait_s(answer, attempt)
            if self._timing.monotonic() - began + wait_s > TOTAL_S:
                return answer
            await self._timing.sleep(wait_s)
        return await request()

    def wait_s(self, reply: Reply, attempt: int) -> float:
        """Return how long to wait after `reply`, `attempt` failures having come before it: what it asks for, if any."""
        asked_s = retry_after_s(reply.headers, self._timing.wall_clock())
        if asked_s is not None:
            return asked_s
        if is_locked(reply):
            return self._timing.jitter(min(LONGEST_S, LOCKED_S * 2**attempt))
        return self._timing.backoff_s(attempt)


def poll_after_s(headers: Mapping[str, str]) -> float | None:
    """Return when the server wants a run to be looked at again, in seconds, or None where it does not say."""
    wait_s = milliseconds(headers.get("openai-poll-after-ms"))
    return None if wait_s is None else min(max(wait_s, SHORTEST_POLL_S), TOTAL_S)


def worth_asking_again(reply: Reply) -> bool:
    """Return whether the same request may be answered in a moment; never where the account has no credit left."""
    if reply.status < 300:
        return False
    error = error_body(reply)
    if error.is_no_credit:
        return False
    return is_locked(reply) or (is_passing(reply.status) and reply.status != 501)


def is_locked(reply: Reply) -> bool:
    """Return whether another answer still holds the conversation, or the thread, which has only words to say so."""
    error = error_body(reply)
    return error.code == LOCKED or (reply.status == 400 and bool(_ACTIVE_RUN.search(error.message)))
