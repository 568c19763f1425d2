"""What recovery needs of the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.domain.steady_ports import Spool
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import Transcription
from sentra_tui.engine.call_observer import CallObserver


class RecoveryPorts(Protocol):
    """Where sound is kept, what finds the speech in it, and what writes that down."""

    def spool(self, stream: str) -> Spool | None:
        """Return where this stream's sound is kept on the disk; None where it is not."""
        ...

    async def transcriptions(self, stream: str, meter: Callable[[str, Usage], None]) -> Sequence[Transcription]:
        """Return what can write down this stream's sound now, best first; raises TransportError.

        `meter` is told which model counted what.
        """
        ...

    def detector(self) -> SpeechDetector:
        """Return a new one."""
        ...

    async def close(self) -> None:
        """Let go of the disk."""
        ...


class Pump(Protocol):
    """What carries a stream's sound; those in `taps` hear each frame as a call does."""

    taps: list[Callable[[bytes], None]]


class Stream(Protocol):
    """The stream that is kept whole."""

    name: str
    observers: list[CallObserver]

    @property
    def pump(self) -> Pump:
        """What carries its sound."""
        ...
