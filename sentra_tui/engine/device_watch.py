"""Devices to choose from, and how loud each is, while somebody looks at them."""

from __future__ import annotations

import asyncio

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import WatchDevices
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Devices
from sentra_tui.domain.sound_ports import DeviceWatcher
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.store import Store


class DeviceWatch:
    """Answers for `WatchDevices`: no device is listened to otherwise."""

    def __init__(self, watcher: DeviceWatcher, store: Store, context: EngineContext) -> None:
        self._watcher = watcher
        self._store = store
        self._tasks = context.tasks
        self._task: asyncio.Task[None] | None = None
        store.handle(WatchDevices, lambda action: self._watch(action.on))

    def _watch(self, on: bool) -> None:
        if on == (self._task is not None):
            return
        if self._task is not None:
            self._task.cancel()
            self._task = None
        else:
            self._task = self._tasks.start(self._watcher.watch(self._tell), self._failed, "devices")
        self._store.publish(c.DevicesWatched(on))

    def _tell(self, devices: Devices) -> None:
        known = self._store.state.devices
        if (devices.devices, devices.backend, devices.reason) != (known.devices, known.backend, known.reason):
            self._store.publish(c.DevicesListed(devices.devices, devices.backend, devices.reason))
        self._store.publish(c.DevicesMeasured(devices.levels))

    def _failed(self, failure: BaseException) -> None:
        self._task = None
        reason = str(failure) if isinstance(failure, SourceError) else "Internal error: the log has the details."
        self._store.publish(c.DevicesListed((), reason=reason))
