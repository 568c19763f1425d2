"""From a target that a user named to a source that keeps to it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from typing import TypeVar

from msgspec.structs import replace

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceKind
from sentra_tui.domain.sound_ports import AudioSource, Report
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.devices import device_names
from sentra_tui.services.audio.live.backend import Backend
from sentra_tui.services.audio.live.parec_capture import ParecCapture
from sentra_tui.services.audio.live.portaudio_capture import PULSE_DEVICE, PortAudioCapture
from sentra_tui.services.audio.live.reopened import ReopenedMicrophone
from sentra_tui.services.audio.live.server import SoundServer
from sentra_tui.services.audio.live.snapshot import PulseSink, PulseSource, Snapshot
from sentra_tui.services.audio.live.source import LiveSource
from sentra_tui.services.audio.live.target import Target
from sentra_tui.services.audio.loopback.opening import open_loopback
from sentra_tui.services.audio.portaudio import install_hint

ANSWER_S = 3.0
NAMES_SHOWN = 6
_NO_PULSE = "PortAudio does not see the sound server; alsa-plugins is missing."

Named = TypeVar("Named", PulseSource, PulseSink)


async def open_live(target: Target, report: Report) -> AudioSource:
    """Return a source that follows `target` whatever becomes of it, and tells `report` about that.

    `target.name` is what the user wrote: the server's name, what people call it, or a part of that. Raises
    SourceError where nothing is called that, and where there is no way to capture at all.
    """
    if sys.platform != "linux":
        return await _without_server(target, report)
    answer = _Answer()
    server = SoundServer.join(answer.take)
    try:
        snapshot = await answer.wait()
        if snapshot is None:
            return await _without_server(target, report)
        pinned = pin(target, snapshot)
        if pinned is not None:
            return LiveSource(pinned, await choose_backend(), report)
    finally:
        server.leave(answer.take)
    return await _by_portaudio_name(target, snapshot, report)


class _Answer:
    """The first that the sound server says."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answered = asyncio.Event()
        self._snapshot: Snapshot | None = None

    def take(self, snapshot: Snapshot | None) -> None:
        """Take it, in the watcher's thread."""
        self._snapshot = snapshot
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._answered.set)

    async def wait(self) -> Snapshot | None:
        """Return it; None where there is no server, or where it does not answer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await self._answered.wait()
        return self._snapshot


async def device_exists(target: Target) -> bool:
    """Return whether what `target` names is there just now; milliseconds, and nothing is opened.

    Where that cannot be known so cheaply, of outputs on other systems than Linux, it is said to be.
    """
    snapshot = await _ask_server()
    if snapshot is not None and pin(target, snapshot) is not None:
        return True
    if target.kind is DeviceKind.MONITOR:
        return sys.platform != "linux"
    wanted = target.name.casefold()
    with contextlib.suppress(SourceError):
        return any(wanted in each.casefold() for each in await device_names("input"))
    return False


async def _ask_server() -> Snapshot | None:
    if sys.platform != "linux":
        return None
    answer = _Answer()
    server = SoundServer.join(answer.take)
    try:
        return await answer.wait()
    finally:
        server.leave(answer.take)


def pin(target: Target, snapshot: Snapshot) -> Target | None:
    """Return `target` with the server's own name of what it means, None where nothing is called that.

    The monitor of an output is found only by its full name when a microphone is meant.
    """
    if not target.name:
        return target
    if target.kind is DeviceKind.MONITOR:
        by_source = next((each.name for each in snapshot.sinks if each.monitor == target.name), None)
        sink = _named(target.name, snapshot.sinks)
        name = by_source or (sink.name if sink else None)
    else:
        exact = snapshot.source(target.name)
        source = exact or _named(target.name, tuple(each for each in snapshot.sources if not each.monitor_of))
        name = source.name if source else None
    return replace(target, name=name) if name is not None else None


async def choose_backend() -> Backend:
    """Return the best way to capture from the sound server; raises SourceError where there is none."""
    try:
        if PULSE_DEVICE in await device_names("input", PULSE_DEVICE):
            return Backend("PortAudio", PortAudioCapture)
        reason = _NO_PULSE
    except SourceError as error:
        reason = error.message
    if shutil.which("parec"):
        return Backend("parec", ParecCapture, f"Captured through parec: {reason}")
    raise SourceError(f"{reason} Neither is parec installed.", hint=install_hint())


def _named(name: str, candidates: tuple[Named, ...]) -> Named | None:
    wanted = name.casefold()
    for fits in (
        lambda each: each.name.casefold() == wanted,
        lambda each: each.description.casefold() == wanted,
        lambda each: wanted in each.name.casefold() or wanted in each.description.casefold(),
    ):
        found = next(filter(fits, candidates), None)
        if found is not None:
            return found
    return None


async def _by_portaudio_name(target: Target, snapshot: Snapshot, report: Report) -> AudioSource:
    """Open a device that PortAudio lists and the sound server does not: the hardware itself, or a PCM of ALSA."""
    names = [each.name for each in _candidates(target, snapshot)]
    if target.kind is DeviceKind.INPUT:
        with contextlib.suppress(SourceError):
            listed = await device_names("input")
            if any(target.name.casefold() in each.casefold() for each in listed):
                return await ReopenedMicrophone.open(target.name, report)
            names += listed
    noun = "output" if target.kind is DeviceKind.MONITOR else "microphone"
    shown = ", ".join(clean_line(each, 40) for each in names[:NAMES_SHOWN]) or "none"
    raise SourceError(f"There is no {noun} called {clean_line(target.name, 60)}.", hint=f"There is: {shown}.")


def _candidates(target: Target, snapshot: Snapshot) -> list[PulseSource] | list[PulseSink]:
    if target.kind is DeviceKind.MONITOR:
        return list(snapshot.sinks)
    return [each for each in snapshot.sources if not each.monitor_of]


async def _without_server(target: Target, report: Report) -> AudioSource:
    if target.kind is DeviceKind.MONITOR:
        return await open_loopback(target.name, report)
    return await ReopenedMicrophone.open(target.name, report)
