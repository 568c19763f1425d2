"""The loopback of this system."""

from __future__ import annotations

import asyncio
import sys

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import SoundDevice
from sentra_tui.domain.sound_ports import Report
from sentra_tui.services.audio.loopback import macos, windows
from sentra_tui.services.audio.loopback.source import LoopbackSource

_NOT_HERE = "There is no sound server whose loudspeakers could be heard."
_HINT = "Start PipeWire or PulseAudio, or choose another source."


async def open_loopback(
    name: str = "", report: Report | None = None, *, platform: str = sys.platform
) -> LoopbackSource:
    """Return what the output called `name` plays, or the default one; raises SourceError, also on other systems."""
    if platform == "win32":
        source = LoopbackSource(windows.WasapiLoopback, name, report, follows=True)
    elif platform == "darwin":
        source = LoopbackSource(macos.CoreAudioTap, name, report)
    else:
        raise SourceError(_NOT_HERE, hint=_HINT)
    try:
        await source.open()
    except asyncio.CancelledError:
        await source.close()
        raise
    return source


def list_loopbacks(platform: str = sys.platform) -> tuple[SoundDevice, ...]:
    """Return the outputs that can be heard beside those of a sound server. Blocks.

    Raises SourceError where the library for it is missing; on other systems there are none.
    """
    if platform == "win32":
        return windows.list_monitors()
    if platform == "darwin":
        return macos.list_monitors()
    return ()
