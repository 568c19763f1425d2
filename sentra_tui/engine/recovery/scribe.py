"""Has pieces of sound written down, however often the network goes away meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TypeAlias, TypeVar

from sentra_tui.domain.errors import NotSupported, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean
from sentra_tui.domain.voice_ports import TextEnded, Transcription
from sentra_tui.protocol.recovery.pieces import PIECE_MS

BASE_S = 0.5
CAP_S = 8.0
DEADLINE_S = 60.0
"""How long one piece may take: a server that says nothing for so long has lost it."""
TRIES_MAX = 6
"""How often a piece may be lost while others are written down: it is the piece then, not the network."""
FAILING_S = 600.0
"""How long a server may answer that it fails, while nothing else is written down: it is not the network then."""
NOBODY = "nobody here writes recordings down"

Transcriptions: TypeAlias = Callable[[], Awaitable[Sequence[Transcription]]]
"""Gives what can write down now, best first; may raise TransportError."""

_ResultT = TypeVar("_ResultT")


class Scribe:
    """Asks one transcription after another."""

    def __init__(
        self,
        transcriptions: Transcriptions,
        language: Callable[[], str],
        chance: Callable[[], float] = random.random,
        failing_s: float = FAILING_S,
    ) -> None:
        self._transcriptions = transcriptions
        self._language = language
        self._chance = chance
        self._failing_s = failing_s
        self._written = 0
        self._hurried = asyncio.Event()
        self._barred_until_s = 0.0
        """Until when the server wants to be left alone, on the loop's clock: whichever piece it said that of."""

    def hurry(self) -> None:
        """The network may be back: wait no longer."""
        self._hurried.set()
        self._hurried = asyncio.Event()

    async def longest_ms(self) -> int:
        """Return the longest piece that whoever writes down takes; raises TransportRefused where nobody does."""
        return await self._until_it_works(self._shortest_limit)

    async def write_down(self, sound: bytes) -> str:
        """Return what is said in `sound`, empty where nothing was understood.

        Goes on while the network is away. Raises TransportRefused where nobody will write this down.
        """
        text = await self._until_it_works(lambda: self._ask_each(sound))
        self._written += 1
        return text

    async def _shortest_limit(self) -> int:
        limits = [each.max_ms for each in await self._transcriptions()]
        if not limits:
            raise NotSupported(NOBODY)
        return min([PIECE_MS, *limits])

    async def _until_it_works(self, work: Callable[[], Awaitable[_ResultT]]) -> _ResultT:
        written, attempt, failed_s = self._written, 0, 0.0
        while True:
            began_s = asyncio.get_running_loop().time()
            barred_s = self._barred_until_s - asyncio.get_running_loop().time()
            if barred_s > 0:
                await asyncio.sleep(barred_s)
                continue
            try:
                async with asyncio.timeout(DEADLINE_S):
                    return await work()
            except TransportLost as error:
                lost, answered = error.message, error.reason is Reason.SERVER_ERROR
                self._bar(error.retry_after_s)
            except TimeoutError:
                lost, answered = "it took too long", False
            attempt += 1
            if (attempt >= TRIES_MAX and self._written >= written + TRIES_MAX) or failed_s >= self._failing_s:
                raise TransportRefused(lost)
            await self._wait(attempt)
            failed_s += asyncio.get_running_loop().time() - began_s if answered else 0.0

    def _bar(self, retry_after_s: float | None) -> None:
        if retry_after_s is not None:
            until_s = asyncio.get_running_loop().time() + retry_after_s
            self._barred_until_s = max(self._barred_until_s, until_s)

    async def _wait(self, attempt: int) -> None:
        """Wait with full jitter, or until the network may be back."""
        wait_s = self._chance() * min(CAP_S, BASE_S * 2.0 ** min(attempt, 10))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), wait_s)

    async def _ask_each(self, sound: bytes) -> str:
        refused: TransportRefused = NotSupported(NOBODY)
        for each in await self._transcriptions():
            try:
                return await self._ask(each, sound)
            except TransportRefused as error:
                refused = error
        raise refused

    async def _ask(self, transcription: Transcription, sound: bytes) -> str:
        events = transcription.transcribe(sound, language=self._language())
        async with aclosing(events) as told:  # type: ignore[type-var]
            async for event in told:
                if isinstance(event, TextEnded):
                    return clean(event.text).strip()
        raise TransportLost("The provider's answer broke off.")
