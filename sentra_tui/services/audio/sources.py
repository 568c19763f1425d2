"""From what a user wrote to a source of sound."""

from __future__ import annotations

import contextlib
from pathlib import Path

from sentra_tui.domain.sound_ports import AudioSource, Report
from sentra_tui.services.audio.capture import MicrophoneSource
from sentra_tui.services.audio.file_source import WavSource
from sentra_tui.services.audio.pace import Pace
from sentra_tui.services.audio.silence import SilentSource


async def open_source(
    spec: str, *, loop: bool = False, pace: Pace | None = None, report: Report | None = None
) -> AudioSource:
    """Return the source that `spec` names: `none`, `device`, `device:NAME`, or the path of a WAV file.

    `pace` beats for a file or for silence; `report` takes what a live source has to say. Raises SourceError for what
    cannot be used.
    """
    if spec in ("", "none"):
        return SilentSource(pace)
    kind, colon, name = spec.partition(":")
    if kind == "device":
        microphone = MicrophoneSource(name.strip() if colon else "")
        await microphone.open()
        return microphone
    path = Path(spec)
    with contextlib.suppress(RuntimeError):  # the home of a user who does not exist: then it is a plain name
        path = path.expanduser()
    return WavSource(path, loop=loop, pace=pace)
