"""From what a user named to an output and the best way to it."""

from __future__ import annotations

import contextlib
import shutil
import sys

from msgspec import Struct

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceKind
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.devices import device_names
from sentra_tui.services.audio.live.opening import pin
from sentra_tui.services.audio.live.snapshot import Snapshot
from sentra_tui.services.audio.live.target import Target
from sentra_tui.services.audio.output.player import Way
from sentra_tui.services.audio.output.portaudio_player import PULSE_DEVICE, by_name, through_pulse
from sentra_tui.services.audio.portaudio import install_hint

NAMES_SHOWN = 6
_NO_PULSE = "PortAudio does not see the sound server: alsa-plugins is missing."


class Output(Struct, frozen=True):
    """Where sound is to be played, and how."""

    name: str
    """The sound server's name of a sink, or what PortAudio calls a device; empty for the default one."""
    way: Way
    on_server: bool
    """A sound server has it: it is a sink, and the server tells what becomes of it."""


async def choose_output(name: str, snapshot: Snapshot | None) -> Output:
    """Return the output called `name`, empty for the default one; raises SourceError where there is none.

    `snapshot` is the sound server's, None where there is no server. A name is the server's own, what people call the
    sink, a part of either, or what PortAudio calls a device.
    """
    if snapshot is None:
        return Output(name, Way(by_name), on_server=False)
    target = pin(Target(DeviceKind.MONITOR, name), snapshot)
    if target is not None:
        return Output(target.name, await _way_to_server(), on_server=True)
    names = [sink.name for sink in snapshot.sinks]
    with contextlib.suppress(SourceError):
        listed = await device_names("output")
        if any(name.casefold() in each.casefold() for each in listed):
            return Output(name, Way(by_name), on_server=False)
        names += listed
    shown = ", ".join(clean_line(each, 40) for each in names[:NAMES_SHOWN]) or "none"
    raise SourceError(f"There is no loudspeaker called {clean_line(name, 60)}.", hint=f"There is: {shown}.")


async def _way_to_server() -> Way:
    try:
        if PULSE_DEVICE in await device_names("output", PULSE_DEVICE):
            return Way(through_pulse)
        reason = _NO_PULSE
    except SourceError as error:
        reason = error.message
    if sys.platform == "linux" and shutil.which("pacat"):
        from sentra_tui.services.audio.output.pacat_player import PacatPlayer

        return Way(PacatPlayer, f"Played through pacat: {reason}")
    raise SourceError(f"{reason} Neither is pacat installed.", hint=install_hint())
