"""Client secrets at hand: kept until shortly before they expire."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from sentra_tui.domain.errors import SentraError
from sentra_tui.domain.ports import Credential, TokenSource

MARGIN_S = 10.0
"""How long before its end a secret is not used any more: longer than a dial takes to show it."""


def since_boot_s() -> float:
    """Return the time since the machine was started, in seconds, sleep included where the system counts it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class CachedTokens:
    """A TokenSource that remembers what another one minted, by session config.

    How long a secret lives is the server's to say (`Credential.lifetime_s`); from then on `monotonic` counts, so the
    wall clock of this machine does not matter. It goes on while the machine sleeps, as the server's does. Whoever asks
    for the same session at the same time shares one request. What needs no minting passes through. Whoever makes it
    closes it.
    """

    def __init__(self, source: TokenSource, *, monotonic: Callable[[], float] = since_boot_s) -> None:
        self.attempts = 0
        """How often something was to be minted."""
        self.successes = 0
        self.refusals = 0
        """How many that were minted the provider did not take."""
        self._source = source
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._minting: dict[str, asyncio.Task[Credential]] = {}

    @property
    def success_rate(self) -> float | None:
        """How many attempts to mint succeeded, from 0 to 1; None before the first."""
        return self.successes / self.attempts if self.attempts else None

    async def mint(self, session: dict[str, Any]) -> Credential:
        """Return what opens one call, at once where it is at hand; raises what the source does."""
        name = _canonical(session)
        self._drop_expired()
        kept = self._kept.get(name)
        if kept is None:
            credential = await asyncio.shield(self._begun(name, session))
        else:
            credential = kept.credential
        if credential.session_id:
            self._kept.pop(name, None)
        return credential

    def forget(self, credential: Credential) -> None:
        """Never give this one again: it was refused."""
        kept = {name: kept for name, kept in self._kept.items() if kept.credential.secret is not credential.secret}
        self.refusals += credential.lifetime_s is not None
        self._kept = kept

    async def close(self) -> None:
        """End what is being minted, and forget everything."""
        self._kept.clear()
        for task in tuple(self._minting.values()):
            task.cancel()
            await asyncio.wait({task})

    def _begun(self, name: str, session: dict[str, Any]) -> asyncio.Task[Credential]:
        task = self._minting.get(name)
        if task is None or task.done():
            task = asyncio.create_task(self._mint(name, session), name="client secret")
            self._minting[name] = task
            task.add_done_callback(lambda done: self._ended(name, done))
        return task

    def _ended(self, name: str, task: asyncio.Task[Credential]) -> None:
        if self._minting.get(name) is task:
            del self._minting[name]
        if not task.cancelled():
            task.exception()  # seen, although perhaps nobody waits

    async def _mint(self, name: str, session: dict[str, Any]) -> Credential:
        began_s = self._monotonic()
        try:
            credential = await self._source.mint(session)
        except SentraError:
            self.attempts += 1
            raise
        if credential.lifetime_s is not None:
            self.attempts += 1
            self.successes += 1
            self._kept[name] = _Kept(credential, began_s + credential.lifetime_s - MARGIN_S)
        return credential

    def _drop_expired(self) -> None:
        now_s = self._monotonic()
        self._kept = {name: kept for name, kept in self._kept.items() if kept.until_s > now_s}


class _Kept(Struct, frozen=True):
    credential: Credential
    until_s: float


def _canonical(session: dict[str, Any]) -> str:
    return json.dumps(session, sort_keys=True, separators=(",", ":"))
