"""Devices are listened to while somebody looks at them, and looked for where there are none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import WatchDevices
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceKind, DeviceLevel, Devices, SoundDevice
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.device_watch import RETRY_S, DeviceWatch
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner

YETI = SoundDevice("device:yeti", "Yeti", DeviceKind.INPUT)


class Room:
    """A watcher of devices that may not be there, and somebody who looks."""

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self.watching = 0
        self.levels: list[DeviceLevel] = []
        self.pauses: list[float] = []
        self.next_try = asyncio.Event()
        self.store = Store()
        self.changes: list[c.Change] = []
        self.store.subscribe(self.changes.append)
        self.tasks = TaskOwner()
        context = EngineContext(self.tasks, lambda: 7, self.store.publish)
        DeviceWatch(self, self.store, context, sleep=self._sleep)

    async def watch(self, on_devices: Callable[[Devices], None]) -> None:
        if self.failure is not None:
            raise self.failure
        self.watching += 1
        try:
            on_devices(Devices((YETI,), backend="a server"))
            for level in self.levels:
                on_devices(Devices((YETI,), (level,), backend="a server"))
            await asyncio.Event().wait()
        finally:
            self.watching -= 1

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.next_try.wait()
        self.next_try.clear()

    async def look(self, on: bool = True) -> None:
        self.store.dispatch(WatchDevices(on))
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def devices(self) -> Devices:
        return self.store.state.devices


@pytest_asyncio.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    yield room
    await room.tasks.close()


async def test_devices_are_listened_to_only_while_somebody_looks(room: Room) -> None:
    await room.look()
    assert (room.watching, room.devices.watched, room.devices.devices) == (1, True, (YETI,))
    await room.look()
    assert room.watching == 1
    await room.look(on=False)
    assert (room.watching, room.devices.watched) == (0, False)


async def test_a_missing_sound_system_is_said_and_looked_for_again(room: Room) -> None:
    room.failure = SourceError("No sound server answers.")
    await room.look()
    assert room.devices.reason == "No sound server answers."
    room.failure = None
    room.next_try.set()
    await room.settle()
    assert (room.devices.devices, room.devices.reason, room.pauses) == ((YETI,), "", [RETRY_S])


async def test_who_looks_again_after_a_failure_finds_what_is_there_by_now(room: Room) -> None:
    room.failure = SourceError("No sound server answers.")
    await room.look()
    await room.look(on=False)
    assert not room.devices.watched
    room.failure = None
    await room.look()
    assert room.devices.devices == (YETI,)


async def test_levels_are_told_when_they_move(room: Room) -> None:
    room.levels = [DeviceLevel(YETI.source, -20.0, -10.0)] * 3 + [DeviceLevel(YETI.source, -21.0, -10.0)]
    await room.look()
    told = [change.levels[0].rms_dbfs for change in room.changes if isinstance(change, c.DevicesMeasured)]
    assert told == [-20.0, -21.0]


async def test_an_error_of_our_own_is_said_and_ends_with_the_look(room: Room) -> None:
    room.failure = RuntimeError("broken")
    await room.look()
    assert room.devices.reason == "Internal error: the log has the details."
    room.failure = None
    await room.look(on=False)
    await room.look()
    assert room.devices.devices == (YETI,)
