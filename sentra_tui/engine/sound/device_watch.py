"""Devices to choose from, and how loud each is, while somebody looks at them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import WatchDevices
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Devices
from sentra_tui.domain.sound_ports import DeviceWatcher
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.store import Store

RETRY_S = 5.0
"""How soon a sound system is looked for again where there was none."""


class DeviceWatch:
    """Answers for `WatchDevices`: no device is listened to otherwise. A sound system that is missing is waited for."""

    def __init__(
        self,
        watcher: DeviceWatcher,
        store: Store,
        context: EngineContext,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._watcher = watcher
        self._store = store
        self._tasks = context.tasks
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None
        store.handle(WatchDevices, lambda action: self._watch(action.on))

    def _watch(self, on: bool) -> None:
        if on == self._store.state.devices.watched:
            return
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if on:
            self._task = self._tasks.start(self._keep_watching(), self._failed, "devices")
        self._store.publish(c.DevicesWatched(on))

    async def _keep_watching(self) -> None:
        while True:
            try:
                await self._watcher.watch(self._tell)
            except SourceError as error:
                self._tell(Devices(reason=str(error)))
            await self._sleep(RETRY_S)

    def _tell(self, devices: Devices) -> None:
        known = self._store.state.devices
        if (devices.devices, devices.backend, devices.reason) != (known.devices, known.backend, known.reason):
            self._store.publish(c.DevicesListed(devices.devices, devices.backend, devices.reason))
        if devices.levels != self._store.state.devices.levels:
            self._store.publish(c.DevicesMeasured(devices.levels))

    def _failed(self, _: BaseException) -> None:
        self._tell(Devices(reason="Internal error: the log has the details."))
