"""What the drivers of sound need of the world besides the streams' own plans."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from sentra_tui.domain.sound_config import SoundConfig
from sentra_tui.domain.sound_ports import AudioSink, BleedGate, DeviceWatcher, SpeechDetector
from sentra_tui.engine.sound.live_stream import LoadCanceller
from sentra_tui.engine.sound.recording import OpenRecorder

OnPlayed = Callable[[bytes], None]
"""Takes each block of 10 ms as the loudspeaker gets it, before it sounds. Not in the loop's thread."""
OnOutput = Callable[[str, str], None]
"""Takes where answers are heard now, and why not as it was asked for; either may be empty."""
OpenSink = Callable[[str, OnPlayed, OnOutput], Awaitable[AudioSink]]
"""Opens the loudspeaker of this name, empty for the default one; raises SourceError."""


class Choices(Protocol):
    """Keeps for the next time what the user chose."""

    def remember_output(self, output: str) -> None:
        """Keep where answers are played."""
        ...

    def remember_headphones(self, on: bool) -> None:
        """Keep whether headphones are worn."""
        ...


class SoundPorts(Struct, frozen=True, kw_only=True):
    """Services of sound, by what they do."""

    config: SoundConfig
    output: str
    """Where answers are played at first."""
    open_sink: OpenSink
    load_canceller: LoadCanceller
    make_gate: Callable[[], BleedGate]
    open_detector: Callable[[], SpeechDetector]
    open_recorder: OpenRecorder
    devices: DeviceWatcher
    choices: Choices
