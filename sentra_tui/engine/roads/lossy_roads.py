"""Leaves a road that loses too many packets: a WebSocket is dialled beside the call, and takes its place."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import SentraError
from sentra_tui.domain.roads import WORDS, Reason, Road
from sentra_tui.domain.state import Connection
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamRunner
from sentra_tui.protocol.lossy_path import LossyPath

_LOSING = (Road.WEBRTC, Road.TURN)
"""The roads whose packets are not sent again."""


class LossyRoads:
    """Looks after all streams. It does not wait for a pause: what is lost meanwhile is written down afterwards."""

    def __init__(self, manager: ConnectionManager, store: Store, context: EngineContext) -> None:
        self._manager = manager
        self._store = store
        self._context = context
        self._paths: dict[str, LossyPath] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        store.subscribe(self._hear)

    def close(self) -> None:
        """Leave no road any more."""
        for stream in [*self._leaving]:
            self._stop(stream)

    def _hear(self, change: c.Change) -> None:
        match change:
            case c.StreamConnected(stream=stream, transport=transport):
                self._stop(stream)
                if transport in _LOSING and Road.WEBSOCKET in self._manager.stream(stream).roads:
                    self._paths[stream] = LossyPath()
            case c.QualityMeasured(stream=stream, quality=quality) if stream in self._paths:
                if self._paths[stream].measured(quality) and stream not in self._leaving:
                    work = self._leave(self._manager.stream(stream))
                    self._leaving[stream] = self._context.tasks.start(work, lambda failure: None, f"{stream} leaves")
            case c.StreamReconnecting() | c.StreamFailed() | c.StreamClosed():
                self._stop(change.stream)

    def _stop(self, stream: str) -> None:
        self._paths.pop(stream, None)
        task = self._leaving.pop(stream, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _leave(self, stream: StreamRunner) -> None:
        self._tell(stream.name, f"{WORDS[Reason.LOSSY]}: dials by {Road.WEBSOCKET.value} beside")
        try:
            dialled = await stream.dial_by(Road.WEBSOCKET)
        except SentraError as error:
            self._tell(stream.name, f"{Road.WEBSOCKET.value} does not do: {error.message}")
            self._leaving.pop(stream.name, None)
            self._paths[stream.name] = LossyPath()
            return
        if stream.call.state is not Connection.LIVE:
            await dialled.transport.close()
            return
        left = [road for road in stream.roads if road in _LOSING]
        for road in left:
            self._manager.roads.failed(road, Reason.LOSSY, self._context.now_ms())
        stream.call.take(replace(dialled, road=Road.WEBSOCKET, detour=f"{left[0].value}: {WORDS[Reason.LOSSY]}"))

    def _tell(self, stream: str, text: str) -> None:
        self._context.publish(c.EventLogged(self._context.now_ms(), stream, text))
