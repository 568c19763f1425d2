"""The devices of a sound server and how loud they are, until told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceLevel, Devices
from sentra_tui.services.audio.inventory.listing import from_server
from sentra_tui.services.audio.inventory.peak_stream import PeakStream
from sentra_tui.services.audio.inventory.sound_server import LOST, ServerInventory, connected, read_inventory
from sentra_tui.services.audio.inventory.words import INPUT

TICK_S = 0.1
RETRY_S = 0.5
READ_AGAIN_S = 1.0
"""PipeWire tells of a new default before it has it: what was read on an event alone may be the old one."""
_FACILITIES = ("sink", "source", "server", "card")
_CANNOT_OPEN = "The sound server does not open it."

Tell = Callable[[Devices], None]


def watch_server(stop: threading.Event, tell: Tell) -> None:
    """Tell the devices and their levels ten times a second until `stop` is set. Blocks: it needs a thread of its own.

    Raises SourceError where no server answers, twice; one that answered once is waited for.
    """
    answered, failures = False, 0
    while not stop.is_set():
        try:
            with connected() as pulse:
                answered = True
                _watch_while_it_lives(pulse, stop, tell)
        except SourceError:
            failures += 1
            if not answered and failures > 1:
                raise
            if answered:
                tell(Devices(reason=LOST, watched=True))
            stop.wait(RETRY_S)


def _watch_while_it_lives(pulse: Any, stop: threading.Event, tell: Tell) -> None:
    changed = threading.Event()
    pulse.event_mask_set(*_FACILITIES)
    pulse.event_callback_set(lambda _event: changed.set())
    meters = _Meters(pulse)
    try:
        inventory = read_inventory(pulse)
        known, read_at = from_server(inventory), time.monotonic()
        while not stop.is_set():
            if changed.is_set() or time.monotonic() - read_at > READ_AGAIN_S:
                changed.clear()
                read_at = time.monotonic()
                inventory = read_inventory(pulse)
                known = replace(known, devices=inventory.devices)
            meters.follow(inventory)
            tell(replace(known, levels=meters.levels(inventory), watched=True))
            pulse.event_listen(timeout=TICK_S)
    finally:
        meters.close()


class _Meters:
    """One stream for each source of the server that is listened to."""

    def __init__(self, pulse: Any) -> None:
        self._pulse = pulse
        self._streams: dict[str, PeakStream | None] = {}

    def follow(self, inventory: ServerInventory) -> None:
        """Listen to what is there now, and to nothing else."""
        inputs = {inventory.recorded_from[each.source] for each in inventory.devices if each.source.startswith(INPUT)}
        wanted = {source for source in inventory.recorded_from.values() if source}
        for gone in self._streams.keys() - wanted:
            self._close(gone)
        for source in wanted - self._streams.keys():
            self._streams[source] = self._open(source, wakes=source in inputs)

    def levels(self, inventory: ServerInventory) -> tuple[DeviceLevel, ...]:
        """Return how loud each device was since the last call."""
        heard = {source: self._level(stream) for source, stream in self._streams.items()}
        return tuple(
            replace(heard[source], source=device)
            for device, source in inventory.recorded_from.items()
            if source in heard
        )

    def close(self) -> None:
        """Listen to nothing any more."""
        for source in list(self._streams):
            self._close(source)

    def _open(self, source: str, *, wakes: bool) -> PeakStream | None:
        import pulsectl

        try:
            return PeakStream(self._pulse, source, wakes=wakes)
        except pulsectl._pulsectl.LibPulse.CallError:
            return None

    def _close(self, source: str) -> None:
        stream = self._streams.pop(source)
        if stream is not None:
            stream.close()

    @staticmethod
    def _level(stream: PeakStream | None) -> DeviceLevel:
        if stream is None:
            return DeviceLevel("", cause=_CANNOT_OPEN)
        rms_dbfs, peak_dbfs = stream.read()
        return DeviceLevel("", rms_dbfs, peak_dbfs, stream.cause())
