"""Every device and how loud it is, while somebody chooses."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Devices
from sentra_tui.services.audio.inventory.listing import ANSWER_S, HANGS, has_sound_server, list_devices
from sentra_tui.services.audio.inventory.portaudio_meters import watch_portaudio
from sentra_tui.services.audio.inventory.server_meters import watch_server

LEAVE_S = 2.0
"""A server that hangs is left to its thread, which ends when the server does."""


class DeviceMeters:
    """A DeviceWatcher: of a sound server where there is one, else of PortAudio."""

    async def watch(self, on_devices: Callable[[Devices], None]) -> None:
        """Tell the devices and how loud they are, at once and ten times a second, until cancelled.

        Outputs are as loud as what they play, where that can be heard. A sound server that ends is waited for: until
        then there are no devices, with the reason. Raises SourceError where there is no sound system.
        """
        if has_sound_server():
            with contextlib.suppress(SourceError):
                await _watch_server(on_devices)
        devices: Devices | None = None

        def look(_stop: threading.Event, tell: Callable[[Devices], None]) -> None:
            tell(list_devices())

        def found(listed: Devices) -> None:
            nonlocal devices
            devices = listed

        await _on_a_thread(look, found)
        if devices is None or not devices.devices:
            raise SourceError(devices.reason if devices else "The sound system does not answer.")
        await watch_portaudio(devices, on_devices)


async def _watch_server(on_devices: Callable[[Devices], None]) -> None:
    """Watch the sound server; say so where it does not answer, which is where it hangs."""
    waiting = asyncio.get_running_loop().call_later(ANSWER_S, on_devices, Devices(reason=HANGS, watched=True))

    def answered(devices: Devices) -> None:
        waiting.cancel()
        on_devices(devices)

    try:
        await _on_a_thread(watch_server, answered)
    finally:
        waiting.cancel()


async def _on_a_thread(
    work: Callable[[threading.Event, Callable[[Devices], None]], None], on_devices: Callable[[Devices], None]
) -> None:
    """Run `work` on a thread until it ends or we are cancelled; what it tells reaches `on_devices` in the loop."""
    loop = asyncio.get_running_loop()
    stop = threading.Event()
    ended: asyncio.Future[BaseException | None] = loop.create_future()

    def hand_over(devices: Devices) -> None:
        if not stop.is_set():
            on_devices(devices)

    def settle(failure: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(failure)

    def tell(devices: Devices) -> None:
        loop.call_soon_threadsafe(hand_over, devices)

    def run() -> None:
        failure: BaseException | None = None
        try:
            work(stop, tell)
        except Exception as error:  # noqa: BLE001  the edge of a thread: whatever it is belongs to the waiting task
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, failure)

    threading.Thread(target=run, name="devices", daemon=True).start()
    try:
        await asyncio.wait({ended})
    finally:
        stop.set()
        await asyncio.wait({ended}, timeout=LEAVE_S)
    failure = ended.result()
    if failure is not None:
        raise failure
