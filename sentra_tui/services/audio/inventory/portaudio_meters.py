"""The devices that PortAudio knows and how loud the inputs are, until cancelled."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceFlag, DeviceKind, DeviceLevel, Devices, SoundDevice
from sentra_tui.services.audio.devices import Device
from sentra_tui.services.audio.inventory import portaudio_devices
from sentra_tui.services.audio.inventory.words import INPUT
from sentra_tui.services.audio.levels import LevelMeter

TICK_S = 0.1
LIST_S = 2.0
_DEADLINE_S = 5.0
_NOT_YET = "It was plugged in just now: choose it to hear it."
_WOULD_CHANGE = "Not listened to: a Bluetooth headset would change to its call profile."
_GONE = "It is gone."


async def watch_portaudio(devices: Devices, tell: Callable[[Devices], None]) -> None:
    """Tell the devices and the levels of the inputs ten times a second, until cancelled.

    `devices` are those that PortAudio found in this process, which is when it started. What came or went since then
    is found out by another process; it is listed, but it cannot be listened to from here.
    """
    meters = _Meters(devices.devices)
    opening = asyncio.create_task(meters.open())
    listing = asyncio.create_task(_listed_later())
    try:
        while True:
            tell(replace(devices, levels=meters.levels(devices.devices), watched=True))
            await asyncio.sleep(TICK_S)
            if listing.done():
                devices = replace(devices, devices=_renewed(devices.devices, listing.result()))
                listing = asyncio.create_task(_listed_later())
    finally:
        listing.cancel()
        opening.cancel()
        await asyncio.wait({listing, opening})
        await meters.close()


def _renewed(known: tuple[SoundDevice, ...], listed: tuple[SoundDevice, ...]) -> tuple[SoundDevice, ...]:
    """Return what is listed now, nothing of which is a monitor; a list that did not come changes nothing."""
    monitors = tuple(device for device in known if device.kind is DeviceKind.MONITOR)
    return listed + monitors if listed else known


async def _listed_later() -> tuple[SoundDevice, ...]:
    await asyncio.sleep(LIST_S)
    return await list_afresh()


async def list_afresh() -> tuple[SoundDevice, ...]:
    """Return the devices as a new process sees them, none where that fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", portaudio_devices.__name__,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_DEADLINE_S):
            output, _ = await process.communicate()
    except (TimeoutError, asyncio.CancelledError) as error:
        process.kill()
        await process.wait()
        if isinstance(error, asyncio.CancelledError):
            raise
        return ()
    if process.returncode != 0:
        return ()
    return msgspec.json.decode(output, type=tuple[SoundDevice, ...])


class _Meters:
    """One stream for each input that may be listened to."""

    def __init__(self, devices: tuple[SoundDevice, ...]) -> None:
        self._inputs = [device for device in devices if device.kind is DeviceKind.INPUT]
        self._levels: dict[str, LevelMeter] = {}
        self._causes: dict[str, str] = {}
        self._open: list[Device] = []

    async def open(self) -> None:
        """Open all of them, one after the other."""
        for device in self._inputs:
            if DeviceFlag.BLUETOOTH in device.flags and DeviceFlag.DEFAULT not in device.flags:
                self._causes[device.source] = _WOULD_CHANGE
            else:
                await self._listen(device.source)

    def levels(self, devices: tuple[SoundDevice, ...]) -> tuple[DeviceLevel, ...]:
        """Return how loud each input was since the last call."""
        return tuple(self._level(device.source) for device in devices if device.kind is DeviceKind.INPUT)

    async def close(self) -> None:
        """Let go of all of them."""
        for stream in self._open:
            await stream.close()

    async def _listen(self, source: str) -> None:
        meter = LevelMeter()
        self._levels[source] = meter

        def end() -> None:
            self._causes[source] = _GONE

        stream = Device("input", source.removeprefix(INPUT), lambda block: meter.feed(bytes(block)), end)
        self._open.append(stream)
        try:
            await stream.open()
        except SourceError as error:
            self._causes[source] = error.message

    def _level(self, source: str) -> DeviceLevel:
        cause = self._causes.get(source, "")
        meter = self._levels.get(source)
        if meter is None or cause:
            known = any(device.source == source for device in self._inputs)
            return DeviceLevel(source, cause=cause if known else _NOT_YET)
        rms_dbfs, peak_dbfs = meter.read()
        return DeviceLevel(source, rms_dbfs, peak_dbfs)
