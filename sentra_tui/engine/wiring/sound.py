"""The services of sound, behind the ports of their drivers."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.config import Config
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import AudioSink, SpeechDetector
from sentra_tui.domain.source_spec import SourceKind, parse_source
from sentra_tui.domain.state import Severity
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.sound.ports import OnOutput, OnPlayed, SoundPorts
from sentra_tui.services.audio.bleed_gate import EnvelopeBleedGate
from sentra_tui.services.audio.choices import RememberedChoices
from sentra_tui.services.audio.echo.loading import load_canceller
from sentra_tui.services.audio.inventory.meters import DeviceMeters
from sentra_tui.services.audio.playback import open_sink
from sentra_tui.services.audio.recording.recorders import open_recorder
from sentra_tui.services.audio.remote.sink import RemoteSink
from sentra_tui.services.audio.speech.detectors import open_detector

USUAL_DETECTOR = "webrtc"
"""The speech detector that is always there."""


def sound_ports(
    options: EngineOptions, config: Config, choices: RememberedChoices, publish: Callable[[Change], None]
) -> SoundPorts:
    """Return the services that these choices ask for; an argument stands before the configuration."""
    headphones = options.headphones or config.sound.headphones or bool(choices.headphones)
    return SoundPorts(
        config=replace(config.sound, headphones=headphones),
        output=options.output or config.sound.output or choices.output,
        open_sink=_open_sink,
        load_canceller=load_canceller,
        make_gate=EnvelopeBleedGate,
        open_detector=Detectors(config.sound.speech_detector, publish).open,
        open_recorder=partial(open_recorder, config.recording, options.recordings or Path.cwd()),
        devices=DeviceMeters(),
        choices=choices,
    )


class Detectors:
    """Opens speech detectors of one kind, and those that are always there where it is not installed."""

    def __init__(self, name: str, publish: Callable[[Change], None], *, mild: bool = False) -> None:
        self._name = name
        self._publish = publish
        self._mild = mild

    def open(self) -> SpeechDetector:
        """Return a new one."""
        try:
            return open_detector(self._name, mild=self._mild)
        except SourceError as error:
            self._name = USUAL_DETECTOR
            text = f"{error.message} {USUAL_DETECTOR} is used instead."
            self._publish(Noticed(Severity.WARNING, text, error.hint))
            return open_detector(self._name, mild=self._mild)


async def _open_sink(name: str, on_played: OnPlayed, on_report: OnOutput) -> AudioSink:
    spec = parse_source(name)
    if spec.kind is SourceKind.SSH:
        return RemoteSink.open(spec.name, os.environ, on_report)
    return await open_sink(name, on_played=on_played, on_report=on_report)
