"""Hangs up calls that cost money while nobody speaks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from functools import singledispatchmethod

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import HangUp
from sentra_tui.domain.state import Severity
from sentra_tui.engine.store import Store


class IdleWatch:
    """Watches streams that are billed by time: one without a word for `idle_minutes` is hung up."""

    def __init__(self, store: Store, streams: Collection[str], idle_minutes: float, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._streams = frozenset(streams)
        self._idle_minutes = idle_minutes
        self._now_ms = now_ms
        self._heard_ms: dict[str, int] = {}
        """When each call that stands had its last word, or began."""
        self._connected = asyncio.Event()
        store.subscribe(self._hear)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._connected.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._connected.wait(), self._wait_s())
            for name in self._idle():
                self._hang_up(name)

    def _wait_s(self) -> float | None:
        """Return how long no call can become idle, in seconds; None while none stands."""
        if not self._heard_ms:
            return None
        return max(0.0, min(self._heard_ms.values()) + self._limit_ms - self._now_ms()) / 1000

    def _idle(self) -> list[str]:
        now_ms = self._now_ms()
        return [name for name, heard_ms in self._heard_ms.items() if now_ms - heard_ms >= self._limit_ms]

    @property
    def _limit_ms(self) -> int:
        return max(1, round(self._idle_minutes * 60_000))

    def _hang_up(self, name: str) -> None:
        del self._heard_ms[name]
        text = (
            f"The {name} stream is hung up: it is billed by time, and nobody spoke for {self._idle_minutes:g} minutes."
        )
        self._store.publish(c.Noticed(Severity.WARNING, text, "Connect it again when the talk goes on."))
        self._store.dispatch(HangUp(name))

    @singledispatchmethod
    def _hear(self, change: c.Change) -> None:
        """Take what happened; most of it says nothing of speech."""

    @_hear.register
    def _(self, change: c.StreamConnected) -> None:
        if change.stream in self._streams:
            self._heard_ms[change.stream] = self._now_ms()
            self._connected.set()

    @_hear.register(c.StreamClosed)
    @_hear.register(c.StreamFailed)
    @_hear.register(c.StreamReconnecting)
    def _(self, change: c.StreamClosed | c.StreamFailed | c.StreamReconnecting) -> None:
        self._heard_ms.pop(change.stream, None)

    @_hear.register(c.LineOpened)
    @_hear.register(c.TranscriptExtended)
    @_hear.register(c.TranscriptRevised)
    @_hear.register(c.TranscriptCommitted)
    def _(self, change: c.LineOpened | c.TranscriptExtended | c.TranscriptRevised | c.TranscriptCommitted) -> None:
        late = isinstance(change, c.TranscriptCommitted) and change.recovered
        if change.stream in self._heard_ms and not late:
            self._heard_ms[change.stream] = self._now_ms()
