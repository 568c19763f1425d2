"""Makes a stream stay on its source when the default source of PulseAudio changes.

PulseAudio moves the streams of the old default source to the new one, also those that asked for it by name; so when
the only microphone is plugged in again, what listened to a monitor would be moved to it. It spares the streams that
somebody moved by hand, so that is done: away and back, before anything of the stream is let through. PipeWire has a
property for it.
"""

from __future__ import annotations

import contextlib

from sentra_tui.domain.sound import DeviceKind
from sentra_tui.services.audio.live.snapshot import PulseSource, Snapshot
from sentra_tui.services.audio.live.target import Target

SETTLE_S = 0.15
"""For so long there may be sound of the other source in the stream's buffers."""


def stopover(target: Target, source: PulseSource, snapshot: Snapshot) -> PulseSource | None:
    """Return where the stream of `target` is to be moved for a moment; None where that is of no use.

    It is the monitor of another output: moving to a microphone could wake it, and its light.
    """
    follows_default = target.kind is DeviceKind.INPUT and not target.name
    if follows_default or "pipewire" in snapshot.server.casefold():
        return None
    return next((each for each in snapshot.sources if each.monitor_of and each.index != source.index), None)


def move_there_and_back(source_output: int, there: int, back: int) -> None:
    """Move a stream. Blocks, a few milliseconds; does nothing where the sound server does not let us."""
    import pulsectl

    refusals = (pulsectl.PulseError, pulsectl.PulseDisconnected, pulsectl._pulsectl.LibPulse.CallError)
    with contextlib.suppress(*refusals), pulsectl.Pulse("sentra-tui", connect=False) as pulse:
        pulse.connect(autospawn=False)
        pulse.source_output_move(source_output, there)
        pulse.source_output_move(source_output, back)
