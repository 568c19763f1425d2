"""Keeps a second call beside each one that stands, to go on by when that breaks.

It is dialled a while after the first stands, gets no sound, and is dialled anew when it breaks or grows old. At OpenAI
that costs nothing: what is billed is the sound of turns and the words of responses, and it has neither. Elsewhere an
open session may be billed by its time, so this is off unless it is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.roads import Road
from sentra_tui.domain.state import Connection
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.steady.beside import CallBeside, CallsBeside
from sentra_tui.engine.steady.lookout import Lookout
from sentra_tui.engine.store import Store
from sentra_tui.protocol.connection import backoff_s

SETTLE_MS = 5_000
"""So long the first call stands before a second is thought of."""
LOOK_S = 0.25
_SLOWDOWN = 12
"""A standby that does not come about is tried so many times less often than a call that is needed."""


class StandbyKeeper(Lookout):
    """Keeps the calls beside those of all streams. `longest_ms` is how long a session lasts at most."""

    def __init__(
        self,
        beside: CallsBeside,
        store: Store,
        config: ReconnectConfig,
        longest_ms: int,
        context: EngineContext,
        random: Callable[[], float] = random.random,
    ) -> None:
        keepers = [_Keeper(call, store, config, longest_ms, context, random) for call in beside]
        super().__init__(keepers, LOOK_S, "standby", context)


class _Keeper:
    def __init__(
        self,
        beside: CallBeside,
        store: Store,
        config: ReconnectConfig,
        longest_ms: int,
        context: EngineContext,
        random: Callable[[], float],
    ) -> None:
        self._beside = beside
        self._store = store
        self._config = config
        self._longest_ms = longest_ms
        self._now_ms = context.now_ms
        self._random = random
        self._live_since_ms: int | None = None
        self._dials = 0
        self._due_ms = 0

    def look(self) -> None:
        """Dial, or let go of, what stands beside."""
        now_ms = self._now_ms()
        state = self._store.state.stream(self._beside.stream.name)
        connection = Connection.OFF if state is None else state.connection
        if state is None or connection is not Connection.LIVE or state.transport == Road.HTTP:
            self._live_since_ms = None
            if connection in (Connection.OFF, Connection.FAILED):
                self._beside.drop()
            return
        if self._live_since_ms is None:
            self._live_since_ms, self._due_ms, self._dials = now_ms, now_ms + SETTLE_MS, 0
        if self._beside.stands:
            self._dials = 0
            if self._beside.age_ms > self._oldest_ms(state.ends_ms):
                self._beside.drop()
        elif not self._beside.dialling and now_ms >= self._due_ms:
            self._dials += 1
            self._due_ms = now_ms + round(backoff_s(self._config, self._dials, self._random()) * _SLOWDOWN * 1000)
            self._beside.dial()

    def _oldest_ms(self, ends_ms: int | None) -> int:
        """Return the age at which it is worth a new one, which will last longer once it is needed.

        The session of the first tells how long they last.
        """
        lasts_ms = self._longest_ms
        if ends_ms is not None:
            used = self._beside.stream.pump.transport
            lasts_ms = min(lasts_ms, ends_ms - self._beside.begun_ms(used))
        return round(lasts_ms * self._config.rollover / 2)
