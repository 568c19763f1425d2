"""A short listen: does the microphone give sound, or only zeros?"""

from __future__ import annotations

import asyncio

from sentra_tui.doctor.check import Outcome, failed, ok, warning
from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.services.audio.levels import LevelMeter
from sentra_tui.services.audio.signal import SignalProbe
from sentra_tui.services.audio.sources import open_source

LISTEN_FRAMES = 30
"""0.6 s: `SignalProbe` calls zeros silence after half a second."""
DEADLINE_S = 4.0


def listen(source: str) -> Outcome:
    """Return what `source` (as for --mic) gives. Raises SourceError where it cannot be opened."""
    return asyncio.run(_listen(source))


async def _listen(source: str) -> Outcome:
    probe, meter = SignalProbe(DeviceKind.INPUT), LevelMeter()
    heard = 0
    try:
        async with asyncio.timeout(DEADLINE_S):
            opened = await open_source(source)
            try:
                async for frame in opened.frames():
                    probe.feed(frame)
                    meter.feed(frame)
                    heard += 1
                    if heard == LISTEN_FRAMES:
                        break
            finally:
                await opened.close()
    except TimeoutError:
        return failed(f"It gave nothing within {DEADLINE_S:g} s.", "Choose another device: `sentra-tui devices`.")
    rms_dbfs, peak_dbfs = meter.read()
    if probe.trouble is Trouble.NONE:
        return ok(f"{opened.label}: {rms_dbfs:.0f} dB, peak {peak_dbfs:.0f} dB")
    verdict = failed if probe.trouble in (Trouble.SILENT, Trouble.PERMISSION, Trouble.FLAT) else warning
    return verdict(f"{opened.label}: {probe.trouble.value}.", probe.advice)
