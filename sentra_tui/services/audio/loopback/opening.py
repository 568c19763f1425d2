"""From the name of an output to what it plays, on this system."""

from __future__ import annotations

import asyncio
import sys

from sentra_tui.domain.errors import SourceError
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
