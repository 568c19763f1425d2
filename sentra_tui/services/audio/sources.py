"""From what a user wrote to a source of sound."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sentra_tui.domain.sound import DeviceKind
from sentra_tui.domain.sound_ports import AudioSource, Report, SourceReport
from sentra_tui.services.audio.file_source import WavSource
from sentra_tui.services.audio.live.opening import open_live
from sentra_tui.services.audio.live.target import Target
from sentra_tui.services.audio.pace import Pace
from sentra_tui.services.audio.pipes.pipe import Fifo, StandardInput, is_fifo, refuse_standard_input
from sentra_tui.services.audio.pipes.pipe_source import PipeSource
from sentra_tui.services.audio.remote.command import far_command, far_source
from sentra_tui.services.audio.remote.source import RemoteSource
from sentra_tui.services.audio.silence import SilentSource

_LIVE = {"device": DeviceKind.INPUT, "loopback": DeviceKind.MONITOR}


async def open_source(
    spec: str,
    *,
    loop: bool = False,
    pace: Pace | None = None,
    report: Report | None = None,
    standard_input: bool = False,
) -> AudioSource:
    """Return the source that `spec` names: `none`, `device`, `device:NAME`, `loopback`, `loopback:NAME`,
    `ssh:HOST`, `ssh:HOST/SOURCE`, `-`, or the path of a WAV file or a FIFO.

    `pace` beats for a file, a pipe or silence; `report` takes what a live source has to say; `standard_input` says that
    this process's standard input carries nothing but sound. Raises SourceError for what cannot be used.
    """
    if spec in ("", "none"):
        return SilentSource(pace)
    word, _, name = spec.partition(":")
    if word in _LIVE:
        return await open_live(Target(_LIVE[word], name.strip()), report or _ignore)
    if word == "ssh":
        host, source = far_source(name.strip())
        return RemoteSource(far_command(host, source, os.environ), f"{host} · {source}", report, pace=pace)
    if spec == "-":
        if not standard_input:
            raise refuse_standard_input()
        return PipeSource(StandardInput(), report, pace=pace)
    path = Path(spec)
    with contextlib.suppress(RuntimeError):  # the home of a user who does not exist: then it is a plain name
        path = path.expanduser()
    if is_fifo(path):
        return PipeSource(Fifo(path), report, pace=pace)
    return WavSource(path, loop=loop, pace=pace)


def _ignore(_report: SourceReport) -> None:
    """Nobody wants to know what becomes of the source."""
