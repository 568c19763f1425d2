"""The user's switches over sound: mute, push-to-talk, off the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import MIC
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamRunner


class Switches:
    """Answers for the switches. `interrupt` silences the answer that sounds."""

    def __init__(
        self,
        store: Store,
        streams: Iterable[StreamRunner],
        interrupt: Callable[[], object],
        context: EngineContext,
    ) -> None:
        self._store = store
        self._streams = tuple(streams)
        self._interrupt = interrupt
        self._now_ms = context.now_ms
        store.handle(a.PushToTalk, lambda action: self._talk(action.on))
        store.handle(a.SetOffRecord, lambda action: self._keep_off_record(action.on))

    def _talk(self, on: bool) -> None:
        """The microphone is open while the user talks and muted afterwards, so that nothing else is ever sent."""
        for stream in self._streams:
            if stream.name == MIC:
                stream.set_mute(not on)
        self._store.publish(c.TalkingChanged(on))
        if on:
            self._interrupt()

    def _keep_off_record(self, on: bool) -> None:
        if on == self._store.state.off_record:
            return
        for stream in self._streams:
            stream.pump.off_record = on
        self._store.publish(c.OffRecordChanged(on, self._now_ms()))
